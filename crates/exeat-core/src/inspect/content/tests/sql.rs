//! SQL dumps.

use super::super::Kind;
use super::Seen;

#[test]
fn postgresql_dumps_are_read() {
    let dump = "--\n-- PostgreSQL database dump\n--\n\nSET client_encoding = 'UTF8';\n\
        CREATE FUNCTION f() RETURNS void AS $$ BEGIN; INSERT INTO x VALUES (1); END $$ LANGUAGE plpgsql;\n\
        CREATE TABLE public.patient (\n    id integer NOT NULL,\n    name character varying(10) DEFAULT 'a,b',\n    PRIMARY KEY (id)\n);\n\n\
        COPY public.patient (id, name, nhs) FROM stdin;\n1\tAmy\\tSmith\t9990000018\n2\t\\N\t9990000026\n\\.\n\n\
        COPY public.empty (id) FROM stdin;\n\\.\n\n\
        INSERT INTO public.patient VALUES (3, 'O''Neil', '9990000034');\nINSERT INTO public.patient VALUES (4, E'a\\'b', '9990000042'::text);\n";
    let seen = Seen::of(dump.as_bytes());
    assert_eq!(seen.kind(), Kind::Table);
    assert_eq!(
        seen.reasons,
        ["rows of different lengths"],
        "the table is defined with two columns"
    );
    assert_eq!(seen.column("nhs"), ["9990000018", "9990000026"]);
    assert_eq!(seen.column("name"), ["Amy\tSmith", "", "O'Neil", "a'b"]);
    assert_eq!(seen.column("#2"), ["9990000034", "9990000042"]);
    assert!(seen.texts.concat().contains("PostgreSQL database dump"));
    assert_eq!(seen.blocks, [(true, false), (false, false)]);
}

#[test]
fn mysql_dumps_are_read() {
    let dump = "-- MySQL dump 10.13\n/*!40101 SET NAMES utf8mb4 */;\nDROP TABLE IF EXISTS `patient`;\n\
        CREATE TABLE `patient` (\n  `id` int NOT NULL,\n  `name` varchar(10) DEFAULT NULL,\n  PRIMARY KEY (`id`)\n) ENGINE=InnoDB;\n\
        LOCK TABLES `patient` WRITE;\n\
        INSERT INTO `patient` VALUES (1,'it\\'s; \\\"x\\\"'),(2,_utf8mb4 'B)('),(3,NULL);\nUNLOCK TABLES;\n";
    let seen = Seen::of(dump.as_bytes());
    seen.expect(Kind::Table, "");
    assert_eq!(seen.column("patient.id"), ["1", "2", "3"]);
    assert_eq!(seen.column("name"), ["it's; \"x\"", "B)(", ""]);
    assert_eq!(seen.blocks, [(true, true)]);
}

#[test]
fn sqlite_dumps_are_read() {
    let dump = "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE IF NOT EXISTS \"p\" (nhs TEXT, b BLOB, CHECK (nhs <> ''));\n\
        INSERT INTO p VALUES('9990000018',X'00ff');\nINSERT INTO \"p\" VALUES('9990000026',replace('a\\nb','\\n',char(10)));\nCOMMIT;\n";
    let seen = Seen::of(dump.as_bytes());
    seen.expect(Kind::Table, "");
    assert_eq!(seen.column("nhs"), ["9990000018", "9990000026"]);
    assert_eq!(
        seen.column("b"),
        ["00ff", "replace('a\\nb','\\n',char(10))"]
    );
}

#[test]
fn cut_dumps_are_uninspected_but_seen() {
    for dump in [
        "INSERT INTO t (a) VALUES ('x'),('9990000018",
        "INSERT INTO t (a) VALUES ('x'),('9990000018'",
        "COPY t (a) FROM stdin;\nx\n9990000018\n",
        "INSERT INTO t (a) VALUES ('x');\nUPDATE t SET a = '9990000018",
    ] {
        let seen = Seen::of(dump.as_bytes());
        assert_eq!(seen.reason(), "SQL that ends too early", "{dump}");
        assert!(seen.shows("9990000018") && seen.shows("x"), "{dump}");
    }
    let seen = Seen::of(b"INSERT INTO t (a, b) VALUES (1, 2), (3, 4, 9990000018);\n");
    assert!(
        seen.expect(Kind::Table, "rows of different lengths")
            .shows("9990000018")
    );
}

#[test]
fn a_schema_alone_is_text() {
    Seen::of(b"CREATE TABLE t (a int);\n").expect(Kind::Text, "");
}
