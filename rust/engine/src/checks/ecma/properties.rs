//! The Unicode properties that `\p{…}` may name, spelt as ECMA-262 spells them.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, HirKind};

/// General categories, each with its other names.
const CATEGORIES: &[&[&str]] = &[
    &["Cased_Letter", "LC"],
    &["Close_Punctuation", "Pe"],
    &["Connector_Punctuation", "Pc"],
    &["Control", "Cc", "cntrl"],
    &["Currency_Symbol", "Sc"],
    &["Dash_Punctuation", "Pd"],
    &["Decimal_Number", "Nd", "digit"],
    &["Enclosing_Mark", "Me"],
    &["Final_Punctuation", "Pf"],
    &["Format", "Cf"],
    &["Initial_Punctuation", "Pi"],
    &["Letter", "L"],
    &["Letter_Number", "Nl"],
    &["Line_Separator", "Zl"],
    &["Lowercase_Letter", "Ll"],
    &["Mark", "M", "Combining_Mark"],
    &["Math_Symbol", "Sm"],
    &["Modifier_Letter", "Lm"],
    &["Modifier_Symbol", "Sk"],
    &["Nonspacing_Mark", "Mn"],
    &["Number", "N"],
    &["Open_Punctuation", "Ps"],
    &["Other", "C"],
    &["Other_Letter", "Lo"],
    &["Other_Number", "No"],
    &["Other_Punctuation", "Po"],
    &["Other_Symbol", "So"],
    &["Paragraph_Separator", "Zp"],
    &["Private_Use", "Co"],
    &["Punctuation", "P", "punct"],
    &["Separator", "Z"],
    &["Space_Separator", "Zs"],
    &["Spacing_Mark", "Mc"],
    &["Symbol", "S"],
    &["Titlecase_Letter", "Lt"],
    &["Unassigned", "Cn"],
    &["Uppercase_Letter", "Lu"],
];

/// Properties that a code point has or has not, each with its other names.
const BINARY: &[&[&str]] = &[
    &["ASCII"],
    &["ASCII_Hex_Digit", "AHex"],
    &["Alphabetic", "Alpha"],
    &["Any"],
    &["Assigned"],
    &["Bidi_Control", "Bidi_C"],
    &["Bidi_Mirrored", "Bidi_M"],
    &["Case_Ignorable", "CI"],
    &["Cased"],
    &["Changes_When_Casefolded", "CWCF"],
    &["Changes_When_Casemapped", "CWCM"],
    &["Changes_When_Lowercased", "CWL"],
    &["Changes_When_Titlecased", "CWT"],
    &["Changes_When_Uppercased", "CWU"],
    &["Dash"],
    &["Default_Ignorable_Code_Point", "DI"],
    &["Deprecated", "Dep"],
    &["Diacritic", "Dia"],
    &["Emoji"],
    &["Emoji_Component", "EComp"],
    &["Emoji_Modifier", "EMod"],
    &["Emoji_Modifier_Base", "EBase"],
    &["Emoji_Presentation", "EPres"],
    &["Extended_Pictographic", "ExtPict"],
    &["Extender", "Ext"],
    &["Grapheme_Base", "Gr_Base"],
    &["Grapheme_Extend", "Gr_Ext"],
    &["Hex_Digit", "Hex"],
    &["IDS_Binary_Operator", "IDSB"],
    &["IDS_Trinary_Operator", "IDST"],
    &["ID_Continue", "IDC"],
    &["ID_Start", "IDS"],
    &["Ideographic", "Ideo"],
    &["Join_Control", "Join_C"],
    &["Logical_Order_Exception", "LOE"],
    &["Lowercase", "Lower"],
    &["Math"],
    &["Noncharacter_Code_Point", "NChar"],
    &["Pattern_Syntax", "Pat_Syn"],
    &["Pattern_White_Space", "Pat_WS"],
    &["Quotation_Mark", "QMark"],
    &["Radical"],
    &["Regional_Indicator", "RI"],
    &["Sentence_Terminal", "STerm"],
    &["Soft_Dotted", "SD"],
    &["Terminal_Punctuation", "Term"],
    &["Unified_Ideograph", "UIdeo"],
    &["Uppercase", "Upper"],
    &["Variation_Selector", "VS"],
    &["White_Space", "space"],
    &["XID_Continue", "XIDC"],
    &["XID_Start", "XIDS"],
];

/// Properties of the standard whose tables are not here.
const WITHOUT_TABLE: &[&str] = &["Changes_When_NFKC_Casefolded", "CWKCF"];

const UNKNOWN: &str = r"\p{} names no Unicode property of ECMA-262";

/// The scalar values of a property, named as between the braces. Names of scripts are taken in any case.
///
/// # Errors
/// Why there are none.
pub(super) fn find(name: &str) -> Result<ClassUnicode, &'static str> {
    let listed = |table: &'static [&'static [&'static str]], name: &str| {
        table.iter().find(|names| names.contains(&name)).and_then(|names| names.first())
    };
    let category = |value: &str| match value {
        // No text has one.
        "Surrogate" | "Cs" => Some(Ok(ClassUnicode::empty())),
        value => listed(CATEGORIES, value).map(|name| table(&format!("gc={name}"))),
    };
    if WITHOUT_TABLE.contains(&name) {
        return Err(r"the Unicode property Changes_When_NFKC_Casefolded is not supported");
    }
    match name.split_once('=') {
        Some(("General_Category" | "gc", value)) => category(value).unwrap_or(Err(UNKNOWN)),
        Some(("Script" | "sc", script)) => table(&format!("sc={script}")),
        Some(("Script_Extensions" | "scx", script)) => table(&format!("scx={script}")),
        Some(_) => Err(UNKNOWN),
        None => match (category(name), listed(BINARY, name)) {
            (Some(found), _) => found,
            (None, Some(name)) => table(name),
            (None, None) => Err(UNKNOWN),
        },
    }
}

/// What the tables of regex-syntax hold under a name.
fn table(name: &str) -> Result<ClassUnicode, &'static str> {
    let found = regex_syntax::parse(&format!(r"\p{{{name}}}")).map_err(|_| UNKNOWN)?;
    match found.into_kind() {
        HirKind::Class(Class::Unicode(class)) => Ok(class),
        // A property of one code point alone.
        HirKind::Literal(text) => {
            let text = std::str::from_utf8(&text.0).map_err(|_| UNKNOWN)?;
            Ok(ClassUnicode::new(text.chars().map(|c| ClassUnicodeRange::new(c, c))))
        }
        _ => Err(UNKNOWN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_name_has_a_table() {
        for names in CATEGORIES.iter().chain(BINARY) {
            let first = find(names[0]).unwrap();
            assert!(!first.ranges().is_empty(), "{names:?}");
            for name in *names {
                assert_eq!(find(name).unwrap(), first, "{name}");
            }
        }
    }

    #[test]
    fn names_are_those_of_the_standard() {
        for name in [
            "letter", "Greek", "IsGreek", "Script", "sc=", "gc=Alpha", "Age=5.0", "Hyphen", "L=",
            "",
        ] {
            assert!(find(name).is_err(), "{name}");
        }
        let greek = find("Script=Greek").unwrap();
        assert_eq!(find("sc=Grek").unwrap(), greek);
        assert_ne!(find("scx=Grek").unwrap(), greek);
        assert!(find("CWKCF").unwrap_err().contains("not supported"));
        assert!(find("Cs").unwrap().ranges().is_empty());
    }
}
