//! Internet addresses, version 4 (RFC 791) and version 6 as RFC 4291,
//! section 2.2, and RFC 5952 write them.

/// Whether the whole cell is an address, with or without a prefix length, a
/// zone or (version 4) a port.
pub(super) fn is_ip(cell: &[u8]) -> bool {
    let end = if memchr::memchr(b':', &cell[..cell.len().min(6)]).is_some() {
        v6_end(cell, 0)
    } else {
        v4_end(cell, 0)
    };
    match end {
        Some(end) => match cell.get(end) {
            None => true,
            Some(b'/' | b':') => {
                let rest = &cell[end + 1..];
                (1..=5).contains(&rest.len()) && rest.iter().all(u8::is_ascii_digit)
            }
            Some(b'%') => cell.len() - end <= 17,
            Some(_) => false,
        },
        None => false,
    }
}

/// The end of a version 4 address at `at`: four numbers up to 255.
pub(super) fn v4_end(text: &[u8], at: usize) -> Option<usize> {
    let mut place = at;
    for octet in 0..4 {
        if octet > 0 {
            if text.get(place) != Some(&b'.') {
                return None;
            }
            place += 1;
        }
        let mut value = 0_u16;
        let first = place;
        while let Some(digit) = text.get(place).filter(|byte| byte.is_ascii_digit()) {
            value = value * 10 + u16::from(digit - b'0');
            place += 1;
            if place - first > 3 || value > 255 {
                return None;
            }
        }
        // A padded octet has three digits; 01.02.03.04 is a date or a version.
        if place == first || place - first == 2 && text[first] == b'0' {
            return None;
        }
    }
    let after = text.get(place);
    let runs_on = after
        .is_some_and(|&byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'@'))
        || after == Some(&b'.') && text.get(place + 1).is_some_and(u8::is_ascii_alphanumeric);
    (!runs_on).then_some(place)
}

/// The end of a version 6 address at `at`.
///
/// Times, MAC addresses and the `::` of programming languages are not
/// addresses: without `::` there must be eight groups, not all of two digits;
/// with it there must be a decimal digit, or groups long enough that they are
/// no words.
pub(super) fn v6_end(text: &[u8], at: usize) -> Option<usize> {
    text.get(at)?;
    let mut place = at;
    let mut groups = 0_usize;
    let mut pairs = 0_usize;
    let mut letters_only = true;
    let mut short = false;
    let mut gap = None;
    if text.get(place..place + 2) == Some(b"::") {
        gap = Some(0);
        place += 2;
    }
    loop {
        let first = place;
        while place - first < 5 && text.get(place).is_some_and(u8::is_ascii_hexdigit) {
            letters_only &= text[place].is_ascii_alphabetic();
            place += 1;
        }
        match place - first {
            0 => break,
            1..=4 => {}
            _ => return None,
        }
        // The last 32 bits may be written as version 4.
        if text.get(place) == Some(&b'.')
            && groups <= 6
            && (gap.is_some() || groups == 6)
            && let Some(end) = v4_end(text, first)
        {
            return (groups == 6 || gap.is_some()).then_some(end);
        }
        groups += 1;
        pairs += usize::from(place - first == 2);
        short |= place - first < 4;
        if groups > 8 {
            return None;
        }
        match (text.get(place), text.get(place + 1)) {
            (Some(b':'), Some(b':')) if gap.is_none() => {
                gap = Some(groups);
                place += 2;
            }
            (Some(b':'), Some(next)) if next.is_ascii_hexdigit() => place += 1,
            _ => break,
        }
    }
    let after = text.get(place).copied();
    if after.is_some_and(|byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'_' | b'(' | b'!' | b'<' | b'{')
    }) && groups > 0
    {
        return None;
    }
    if groups > 0 && !can_start(&text[at..place]) || is_mixed_case(&text[at..place]) && groups < 4 {
        return None;
    }
    let good = match gap {
        None => groups == 8 && pairs < 8,
        Some(_) if groups == 0 || groups > 7 => false,
        // One group and nothing after the gap: fe80::, but not f32::.
        Some(before) if before == groups && groups == 1 => !short && !letters_only,
        Some(_) => !letters_only || groups > 2 && !short,
    };
    good.then_some(place)
}

/// Whether an address in use starts like this: those that letters alone start
/// are unique local, link-local or multicast ones (RFC 4291, section 2.4; RFC
/// 4193). Names of modules start with all kinds of letters.
fn can_start(address: &[u8]) -> bool {
    let first = address
        .split(|byte| *byte == b':')
        .next()
        .unwrap_or_default();
    match first {
        [] => true,
        [b'f' | b'F', b'c'..=b'f' | b'C'..=b'F', _, _] => true,
        _ => first.iter().any(u8::is_ascii_digit),
    }
}

fn is_mixed_case(address: &[u8]) -> bool {
    address.iter().any(u8::is_ascii_lowercase) && address.iter().any(u8::is_ascii_uppercase)
}

/// Addresses that are the same on every machine, so that they say nothing of
/// anyone: loopback, unspecified, broadcast.
pub(super) fn is_nobodys(address: &[u8]) -> bool {
    matches!(
        address,
        b"127.0.0.1" | b"0.0.0.0" | b"255.255.255.255" | b"::1" | b"::"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::Ipv6Addr;

    #[test]
    fn whole_cells() {
        for (cell, expected) in [
            // RFC 5737 and RFC 3849: addresses for documentation.
            ("192.0.2.1", true),
            ("198.51.100.255", true),
            ("203.0.113.7/24", true),
            ("203.0.113.7:8080", true),
            ("192.000.002.001", true),
            ("2001:db8::1", true),
            ("2001:DB8:0:0:8:800:200C:417A", true),
            ("2001:db8::/32", true),
            ("fe80::1%eth0", true),
            ("::ffff:192.0.2.128", true),
            ("64:ff9b::192.0.2.33", true),
            ("::1", true),
            ("fe80::", true),
            ("2001:db8:85a3::8a2e:370:7334", true),
            ("256.1.1.1", false),
            ("1.2.3", false),
            ("1.2.3.4.5", false),
            ("1.3.6.1.4.1", false),
            ("01.02.03.04", false),
            ("12:30:45", false),
            ("00:1a:2b:3c:4d:5e", false),
            ("00:1a:2b:ff:fe:3c:4d:5e", false),
            ("f32::", false),
            ("std::fmt", false),
            ("add::bad", false),
            ("c::b134", false),
            ("Fe32::D", false),
            ("::", false),
            ("1::2::3", false),
            ("1:2:3:4:5:6:7:8:9", false),
            ("", false),
        ] {
            assert_eq!(is_ip(cell.as_bytes()), expected, "{cell}");
        }
    }

    proptest! {
        #[test]
        fn every_address_is_recognised(high in any::<u64>(), low in any::<u64>(), v4 in any::<[u8; 4]>()) {
            // Global unicast, as RFC 4291 section 2.4 sets it apart.
            let high = 0x2000_0000_0000_0000 | high >> 3;
            let address = Ipv6Addr::from(u128::from(high) << 64 | u128::from(low)).to_string();
            prop_assert!(is_ip(address.as_bytes()), "{}", address);
            let short = Ipv6Addr::from(u128::from(high) << 64 | u128::from(low & 0xFFFF)).to_string();
            prop_assert!(is_ip(short.as_bytes()), "{}", short);
            let v4 = std::net::Ipv4Addr::from(v4).to_string();
            prop_assert!(is_ip(v4.as_bytes()), "{}", v4);
        }

        #[test]
        fn any_bytes_are_survived(text in "[0-9a-f:.]{0,50}", at in 0_usize..50) {
            let _ = v6_end(text.as_bytes(), at);
            let _ = v4_end(text.as_bytes(), at);
            let _ = is_ip(text.as_bytes());
        }
    }
}
