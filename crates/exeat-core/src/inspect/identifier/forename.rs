//! Common forenames, which tell a list of people from one of headings.

/// Whether this word, in any case, is a forename and seldom anything else.
pub(crate) fn is_forename(word: &[u8]) -> bool {
    const LONGEST: usize = 12;
    let mut lower = [0; LONGEST];
    let Some(lower) = lower.get_mut(..word.len()) else {
        return false;
    };
    lower.copy_from_slice(word);
    lower.make_ascii_lowercase();
    FORENAMES
        .binary_search_by(|name| name.as_bytes().cmp(lower))
        .is_ok()
}

/// Of England, Wales and Scotland (the yearly tables of the Office for
/// National Statistics and National Records of Scotland), of all ages and
/// origins. Left out are words of everyday language, places and programs:
/// Mark, Grace, Victoria, Jasmine.
#[rustfmt::skip]
const FORENAMES: &[&str] = &[
    "aaliyah", "aaron", "abdul", "abdullah", "abigail", "adam", "adele", "adrian", "agnes", "ahmed", "aidan",
    "aileen", "aisha", "aishah", "alan", "alana", "alasdair", "alastair", "albert", "alec", "alejandro", "aleksandra",
    "alexander", "alexandra", "alexandre", "alexis", "alfie", "alfred", "ali", "alice", "alicia", "alina", "alison",
    "alistair", "allison", "alyssa", "amanda", "amelia", "amelie", "amina", "amir", "amit", "amy", "anastasia",
    "andrea", "andreas", "andrew", "andrzej", "angela", "angus", "anil", "anita", "anja", "ann", "anna", "annabel",
    "anne", "annette", "annie", "anthony", "antonia", "antonio", "anya", "archie", "arjun", "arnold", "arthur",
    "arun", "asha", "ashley", "ashraf", "audrey", "ayesha", "ayla", "barbara", "barnaby", "barry", "beatrice",
    "becky", "ben", "benjamin", "bernadette", "bernard", "beth", "bethany", "betty", "bilal", "billy", "brenda",
    "brendan", "brian", "bridget", "bronwen", "bruce", "bryan", "bryony", "caitlin", "callum", "cameron", "camilla",
    "carl", "carla", "carlos", "carol", "carole", "caroline", "carolyn", "catherine", "cathy", "cecilia", "charles",
    "charlie", "cheryl", "chidi", "chloe", "chris", "christina", "christine", "christopher", "clair", "claire",
    "clara", "clare", "claudia", "clive", "colin", "connor", "conor", "constance", "craig", "cynthia", "damian",
    "daniel", "daniela", "danielle", "danny", "daphne", "darius", "darren", "dave", "david", "dawid", "dean",
    "debbie", "deborah", "declan", "deepak", "deirdre", "denis", "denise", "dennis", "derek", "desmond", "diana",
    "diane", "dmitri", "dominic", "donald", "donna", "doreen", "doris", "dorothy", "douglas", "duncan", "dylan",
    "eamonn", "edith", "edmund", "edward", "edwin", "eileen", "elaine", "eleanor", "elena", "elias", "elijah",
    "elizabeth", "ella", "ellen", "ellie", "elsie", "emily", "emma", "emmanuel", "enid", "eric", "erica", "erin",
    "esme", "esther", "ethan", "ethel", "euan", "eugene", "eva", "evan", "evelyn", "evie", "ewa", "ewan", "farah",
    "fatima", "felicity", "felix", "fiona", "frances", "francesca", "francis", "frank", "fraser", "fred", "freda",
    "freddie", "frederick", "freya", "gabriel", "gabriela", "gareth", "gary", "gavin", "gemma", "geoffrey", "george",
    "georgina", "gerald", "geraldine", "gerard", "gillian", "gladys", "glenda", "gordon", "graeme", "graham", "greg",
    "gregory", "gurpreet", "gwen", "hamish", "hamza", "hannah", "harold", "harriet", "harry", "harvey", "hasan",
    "hassan", "heidi", "helen", "helena", "henry", "hilary", "hilda", "hiroshi", "howard", "hugh", "hussain", "ian",
    "ibrahim", "imogen", "imran", "ines", "ingrid", "irene", "isaac", "isabel", "isabella", "isabelle", "isla",
    "ismail", "isobel", "ivan", "jack", "jackie", "jacob", "jacqueline", "jake", "james", "jamie", "jane", "janet",
    "janice", "jaroslav", "jason", "jasper", "javier", "jayne", "jean", "jeanette", "jeffrey", "jennifer", "jenny",
    "jeremy", "jerzy", "jess", "jessica", "jill", "jim", "joan", "joanna", "joanne", "joe", "joel", "johanna", "john",
    "johnny", "jonathan", "jorge", "jose", "joseph", "josephine", "josh", "joshua", "joyce", "juan", "judith", "judy",
    "julia", "julian", "julie", "juliet", "karen", "karim", "karl", "kate", "katherine", "kathleen", "kathryn",
    "katie", "katrina", "kayleigh", "keith", "kelly", "ken", "kenneth", "kerry", "kevin", "khadija", "khalid",
    "kieran", "kim", "kirsten", "kirsty", "krzysztof", "kumar", "kwame", "kyle", "lachlan", "lakshmi", "lara",
    "laura", "lauren", "lawrence", "layla", "leah", "leanne", "lee", "leila", "lena", "leon", "leonard", "leroy",
    "lesley", "leslie", "lewis", "liam", "lidia", "lillian", "linda", "lindsay", "lisa", "lois", "lorna", "lorraine",
    "louis", "louisa", "louise", "lucas", "lucia", "lucy", "luis", "luke", "lydia", "lynda", "lynn", "lynne",
    "maciej", "madeleine", "maggie", "magnus", "mahmoud", "malcolm", "malgorzata", "manuel", "marcia", "marek",
    "margaret", "maria", "mariam", "marian", "marie", "marilyn", "marina", "mario", "marion", "marjorie", "marlene",
    "martha", "martin", "martina", "martyn", "mary", "maryam", "mateusz", "matilda", "matthew", "maureen", "maurice",
    "mavis", "megan", "mehmet", "mei", "melanie", "melissa", "michael", "michal", "michelle", "mike", "mildred",
    "millie", "miriam", "mohamed", "mohammad", "mohammed", "moira", "molly", "monica", "muhammad", "muriel", "musa",
    "myra", "nadia", "nancy", "naomi", "natalia", "natalie", "natasha", "nathan", "neil", "nia", "niall", "niamh",
    "nicholas", "nick", "nicola", "nicole", "nigel", "nikhil", "nina", "noah", "noel", "nora", "noreen", "norma",
    "norman", "olga", "oliver", "olivia", "omar", "oscar", "owen", "pamela", "patricia", "patrick", "paul", "paula",
    "pauline", "pawel", "pedro", "peggy", "penelope", "peter", "phil", "philip", "phillip", "phoebe", "phyllis",
    "piotr", "priya", "rachael", "rachel", "rahul", "rajesh", "ralph", "raymond", "rebecca", "reginald", "reuben",
    "rhiannon", "rhys", "ricardo", "richard", "rita", "robert", "roberta", "rodney", "roger", "roisin", "roland",
    "ronald", "rory", "rosa", "rosalind", "rosie", "roy", "ruth", "ryan", "sabrina", "sadie", "safiya", "sally",
    "sam", "samantha", "samina", "samir", "samuel", "sana", "sandra", "sanjay", "sara", "sarah", "scott", "sean",
    "sebastian", "shabnam", "shaun", "sheila", "shirley", "sian", "sidney", "sienna", "simon", "siobhan", "sofia",
    "sonia", "sophia", "sophie", "stacey", "stanley", "stefan", "stephanie", "stephen", "steve", "steven", "stewart",
    "stuart", "suki", "sunita", "suresh", "susan", "susanna", "susannah", "suzanne", "svetlana", "sylvia", "tamara",
    "tania", "tanya", "tara", "tariq", "tatiana", "terence", "teresa", "terry", "thelma", "theo", "theodore",
    "theresa", "thomas", "tim", "timothy", "tina", "toby", "tom", "tomasz", "tony", "tracey", "tracy", "trevor",
    "tyler", "una", "ursula", "usha", "valerie", "vanessa", "vera", "veronica", "vijay", "vikram", "vincent",
    "vivian", "wayne", "wendy", "wiktoria", "wilfred", "william", "winifred", "xavier", "yasmin", "yolanda", "yousef",
    "yuki", "yusuf", "yvette", "yvonne", "zachary", "zahra", "zainab", "zara", "zeynep", "zoe",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_found_in_any_case() {
        assert!(FORENAMES.is_sorted());
        assert!(is_forename(b"Agnes") && is_forename(b"AGNES") && is_forename(b"zara"));
        for word in ["", "Mark", "Getting", "Apache", "A", "Wolfeschlegelstein"] {
            assert!(!is_forename(word.as_bytes()), "{word}");
        }
    }
}
