use std::sync::Arc;

use super::*;
use crate::shape::{FieldPattern, MapPattern, ObjectPattern};

fn ty(name: &'static str) -> Pattern {
    Pattern::Type(name, Arc::default())
}

/// `{ r: int, g?: int }`, closed unless told.
fn colour(open: bool) -> Pattern {
    let fields = vec![FieldPattern::new("r", false, ty("int")), FieldPattern::new("g", true, ty("int"))];
    Pattern::Object(ObjectPattern { fields, open, ..ObjectPattern::default() })
}

fn texts<'t>(texts: &[&'t str]) -> Given<'t> {
    Given::Texts(texts.to_vec())
}

fn is_fine(pattern: &Pattern, style: Style, given: &[&str]) -> bool {
    read(pattern, style, &texts(given)).is_fine()
}

fn parameter(style: Style, pattern: Pattern) -> Parameter {
    Parameter {
        name: "colour".into(),
        place: ParameterPlace::Query,
        required: true,
        style,
        pattern,
        origin: None,
    }
}

#[test]
fn one_text_is_what_it_must_be() {
    assert!(is_fine(&ty("int"), Style::Commas, &["3"]));
    assert!(
        !is_fine(&ty("int"), Style::Commas, &["three"]) && !is_fine(&ty("int"), Style::Apart, &["3", "x"])
    );
    assert!(is_fine(&ty("text"), Style::Apart, &["3"]) && is_fine(&ty("bool"), Style::Apart, &["true"]));
    assert_eq!(read(&ty("int"), Style::Apart, &texts(&["3"])), Reading::Fits(Value::int(3)));
}

#[test]
fn lists_are_read_in_their_style_alone() {
    let ints = Pattern::Sized(Box::new(ty("int")), 2, 3);
    for (style, given) in [
        (Style::Commas, &["1,2"][..]),
        (Style::Pairs, &["1,2"]),
        (Style::Commas, &["1, 2", "3"]),
        (Style::Apart, &["1", "2"]),
        (Style::Spaces, &["1 2"]),
        (Style::Pipes, &["1|2|3"]),
    ] {
        assert!(is_fine(&ints, style, given), "{style:?} {given:?}");
    }
    for (style, given) in [
        (Style::Commas, &["1,x"][..]),
        (Style::Commas, &["1"]),
        (Style::Commas, &["1,2,3,4"]),
        (Style::Apart, &["1,2"]),
        (Style::Apart, &["1", "x"]),
        (Style::Spaces, &["1,2"]),
        (Style::Pipes, &["1 2"]),
    ] {
        assert_eq!(read(&ints, style, &texts(given)), Reading::Unfit, "{style:?} {given:?}");
    }
    let any_many = Pattern::Sized(Box::new(ty("int")), 0, 9);
    assert!(is_fine(&any_many, Style::Commas, &[""]) && !is_fine(&ints, Style::Commas, &[""]));
    // Of lists in lists nothing is said.
    assert!(is_fine(&Pattern::Sized(Box::new(any_many), 1, 9), Style::Commas, &["x"]));
    assert!(form_field_fits(&ints, &["1,2"]) && form_field_fits(&ints, &["1", "2"]));
    assert!(!form_field_fits(&ints, &["1,x"]));
    assert!(form_field_fits(&ints, &["[1, 2]"]) && !form_field_fits(&ints, &["[\"x\"]"]));
}

#[test]
fn objects_are_read_in_their_style_alone() {
    for (style, text) in [
        (Style::Commas, "r,1,g,2"),
        (Style::Commas, "r,1"),
        (Style::Pairs, "r=1,g=2"),
        (Style::Spaces, "r 1 g 2"),
        (Style::Pipes, "g|2|r|1"),
    ] {
        assert!(is_fine(&colour(false), style, &[text]), "{style:?} {text}");
    }
    for (style, text) in [
        (Style::Commas, "r=1,g=2"),
        (Style::Commas, "r"),
        (Style::Pairs, "r,1"),
        (Style::Apart, "r,1"),
        (Style::Pairs, ""),
    ] {
        assert!(!is_fine(&colour(false), style, &[text]), "{style:?} {text}");
    }
    // What was read is told, so that each difference has its path.
    for text in ["r=x", "g=1", "r=1,b=2"] {
        let Reading::Differs(object) = read(&colour(false), Style::Pairs, &texts(&[text])) else {
            panic!("{text}")
        };
        assert_eq!(crate::shape::mismatches(&colour(false), &object).len(), 1, "{text}");
    }
    assert!(is_fine(&colour(true), Style::Pairs, &["r=1,b=2"]));
    let map = MapPattern { key: ty("text"), value: ty("int"), min: 1, max: 2 };
    let map = Pattern::Map(Box::new(map));
    assert!(is_fine(&map, Style::Commas, &["a,1"]) && !is_fine(&map, Style::Commas, &["a,x"]));
    assert!(!is_fine(&map, Style::Commas, &["a,1,b,2,c,3"]));
}

#[test]
fn a_query_holds_an_object_in_one_text_or_in_many() {
    let apart = parameter(Style::Apart, colour(false));
    let other = Parameter { name: "page".into(), ..parameter(Style::Apart, ty("int")) };
    let all = [apart.clone(), other];
    let given =
        |parameter: &Parameter, pairs: &[(&'static str, &'static str)]| in_query(parameter, &all, pairs);
    assert_eq!(given(&apart, &[("r", "1"), ("page", "2")]), Given::Fields(vec![("r", "1")]));
    assert_eq!(given(&apart, &[("page", "2"), ("x", "2")]), Given::Nothing);
    let open = parameter(Style::Apart, colour(true));
    assert_eq!(given(&open, &[("x", "1"), ("page", "2")]), Given::Fields(vec![("x", "1")]));
    assert!(claims(&open, "x") && !claims(&apart, "x") && claims(&apart, "g"));
    let deep = parameter(Style::Deep, colour(false));
    assert_eq!(given(&deep, &[("colour[r]", "1"), ("colours[r]", "2")]), Given::Fields(vec![("r", "1")]));
    assert_eq!(given(&deep, &[("colour[r][x]", "1")]), Given::Undefined);
    assert_eq!(given(&deep, &[("r", "1")]), Given::Nothing);
    let list = parameter(Style::Apart, Pattern::Sized(Box::new(ty("int")), 0, 9));
    assert_eq!(given(&list, &[("colour", "1"), ("colour", "2")]), texts(&["1", "2"]));
    // A field may be called as its parameter is.
    let fields = vec![FieldPattern::new("colour", false, ty("int"))];
    let own = Pattern::Object(ObjectPattern { fields, ..ObjectPattern::default() });
    assert_eq!(
        given(&parameter(Style::Apart, own), &[("colour", "1")]),
        Given::Fields(vec![("colour", "1")])
    );
}
