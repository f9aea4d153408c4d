use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Document, read};
use crate::contract::{File, ParameterPlace, Reader, Status};
use crate::shape::{Pattern, describe, fits};
use crate::source::{Source, Sources};
use crate::value::{Value, from_json};

/// Files in memory.
#[derive(Default)]
struct Shelf {
    files: BTreeMap<PathBuf, String>,
    sources: Sources,
}

impl Shelf {
    fn file(&mut self, path: &str) -> Option<File> {
        let text = self.files.get(Path::new(path))?.clone();
        let source = self.sources.add(Source::new(path, "", text.clone()));
        Some(File { path: path.into(), source, text: text.into() })
    }
}

impl Reader for Shelf {
    fn read(&mut self, _: &Path, path: &str) -> Result<File, String> {
        self.file(path.trim_start_matches("./")).ok_or_else(|| format!("`{path}` does not exist"))
    }
}

/// The document, and what is wrong: the token, the message and the places that matter.
fn loaded(files: &[(&str, &str)], schemas: bool) -> (Option<Document>, Vec<String>) {
    let mut shelf = Shelf::default();
    for (name, text) in files {
        shelf.files.insert(PathBuf::from(name), (*text).to_owned());
    }
    let first = shelf.file(files[0].0).unwrap();
    let (document, diagnostics) = read(&first, schemas, &mut shelf);
    let shown = |span: crate::source::Span| {
        let source = shelf.sources.get(span.source);
        format!("{}:{} `{}`", source.name, source.line_column(span.start).0, source.slice(span))
    };
    let said = diagnostics.iter().map(|d| {
        let also: String = d.also.iter().map(|label| format!(" + {}", shown(label.span))).collect();
        format!("{} {}{also}", shown(d.at.span), d.message)
    });
    (document, said.collect())
}

fn api(paths: &str) -> String {
    format!("openapi: 3.1.0\ninfo: {{ title: a, version: '1' }}\npaths:\n{paths}")
}

fn good(paths: &str) -> Document {
    let (document, wrong) = loaded(&[("a.yaml", &api(paths))], false);
    assert!(wrong.is_empty(), "{wrong:#?}");
    document.unwrap()
}

#[test]
fn the_shops_contract_is_read_whole() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/shop/contracts/orders.openapi.yaml");
    let text = std::fs::read_to_string(path).unwrap();
    let (document, wrong) = loaded(&[("orders.yaml", &text)], false);
    assert!(wrong.is_empty(), "{wrong:#?}");
    let document = document.unwrap();
    let interface = document.interface();
    let place = interface.http("POST", "/v1/orders").unwrap();
    assert_eq!(&*place.name, "POST /v1/orders");
    assert_eq!(place.parameter(ParameterPlace::Header, "Idempotency-Key").map(|p| p.required), Some(false));
    let draft = place.request.as_ref().unwrap().of("application/json; charset=utf-8").unwrap().unwrap();
    let takes = |json: &str| fits(draft, &from_json(json.as_bytes()).unwrap());
    assert!(takes(r#"{"customer":"a","lines":[{"sku":"tea","qty":2}]}"#));
    assert!(!takes(r#"{"customer":"a","lines":[{"sku":"tea","qty":"2"}]}"#));
    assert!(!takes(r#"{"customer":"a","lines":[],"notes":""}"#));
    let created = place.response(201).unwrap();
    assert_eq!(
        created.headers.iter().map(|h| (&*h.name, h.required)).collect::<Vec<_>>(),
        [("location", true), ("idempotent-replayed", false)]
    );
    assert!(place.response(418).is_none());
    assert!(interface.http("GET", "/v1/orders/42").unwrap().response(404).is_some());
    assert!(interface.http("GET", "/v1/nothing").is_none());
    let order = &interface.types["Order"];
    let Pattern::Named(name, inner) = &order.pattern else { panic!("{}", describe(&order.pattern)) };
    assert_eq!(&**name, "Order");
    let Pattern::Object(object) = &**inner else { panic!("{}", describe(inner)) };
    assert!(!object.open && object.fields.iter().all(|field| field.origin.is_some()));
    assert!(interface.operations.len() > 15);
}

#[test]
fn parameters_bodies_and_responses() {
    let document = good(
        "  /files/{id}.json:
    servers: [{ url: 'https://x.test/{base}/v2/', variables: { base: { default: api } } }]
    parameters:
      - { name: id, in: path, required: true, schema: { type: integer } }
      - { name: q, in: query, schema: { type: string } }
    get:
      parameters:
        - { name: q, in: query, required: true, schema: { type: array, items: { type: integer } } }
        - { name: X-Trace, in: header, schema: { type: string } }
        - { name: filter, in: query, content: { application/json: { schema: { type: object, required: [a] } } } }
        - { name: Accept, in: header, schema: { type: string } }
      responses:
        200: { description: ok, content: { 'text/*': {}, application/json: { schema: { type: integer } } } }
        4XX: { description: no }
        default: { description: what }
",
    );
    let interface = document.interface();
    let operation = interface.http("GET", "/api/v2/files/7.json").unwrap();
    assert!(interface.http("GET", "/files/7.json").is_none());
    let names: Vec<(&str, bool)> = operation.parameters.iter().map(|p| (&*p.name, p.required)).collect();
    assert_eq!(names, [("q", true), ("x-trace", false), ("filter", false), ("id", true)]);
    let filter = &operation.parameter(ParameterPlace::Query, "filter").unwrap().pattern;
    assert!(fits(filter, &Value::text("{\"a\":1}")));
    assert!(!fits(filter, &Value::text("{}")) && !fits(filter, &Value::text("{")));
    assert_eq!(operation.response(200).unwrap().status, Status::Code(200));
    assert_eq!(operation.response(404).unwrap().status, Status::Class(4));
    assert_eq!(operation.response(500).unwrap().status, Status::Default);
    let payload = operation.response(200).unwrap().payload.as_ref().unwrap();
    assert!(matches!(payload.of("text/plain"), Some(None)));
    assert!(payload.of("application/json").flatten().is_some() && payload.of("image/png").is_none());
    assert!(operation.response(404).unwrap().payload.is_none());
}

#[test]
fn other_files_are_followed() {
    let main = api("  /a:\n    $ref: './paths.json#/a'\n");
    let files = [
        ("a.yaml", main.as_str()),
        ("paths.json", r#"{"a": {"get": {"responses": {"200": {"$ref": "common.yaml#/ok"}}}}}"#),
        (
            "common.yaml",
            "ok:\n  description: ok\n  content: { application/json: { schema: { $ref: '#/Node' } } }\n\
             Node: { type: object, properties: { next: { $ref: 'common.yaml#/Node' }, n: { type: integer } } }\n",
        ),
    ];
    let (document, wrong) = loaded(&files, false);
    assert!(wrong.is_empty(), "{wrong:#?}");
    let document = document.unwrap();
    let response = document.interface().http("GET", "/a").unwrap().response(200).unwrap();
    let pattern = response.payload.as_ref().unwrap().of("application/json").unwrap().unwrap();
    let takes = |json: &str| fits(pattern, &from_json(json.as_bytes()).unwrap());
    assert!(takes(r#"{"next":{"next":{"n":1}}}"#) && !takes(r#"{"next":{"next":{"n":"1"}}}"#));
    // What is wrong in another file is shown there, with the reference.
    let broken = [files[0], files[1], ("common.yaml", "ok: [")];
    let (document, wrong) = loaded(&broken, false);
    assert!(document.is_none());
    assert!(wrong[0].starts_with("common.yaml:1") && wrong[0].contains("+ paths.json:1"), "{wrong:#?}");
}

#[test]
fn what_is_wrong_is_said_at_its_place() {
    let ok = "responses: { '200': { description: ok } }";
    for (paths, want) in [
        (format!("  a:\n    get: {{ {ok} }}\n"), "a.yaml:4 `a` the path `a` begins with no `/`"),
        (
            format!("  /a/{{x}}:\n    get: {{ {ok} }}\n"),
            "a.yaml:4 `/a/{x}` the parameter `x` of the path is declared nowhere",
        ),
        (
            format!(
                "  /a:\n    get: {{ {ok}, parameters: [{{ name: x, in: path, required: true, schema: {{}} }}] }}\n"
            ),
            "a.yaml:5 `x` the path `/a` has no parameter `x`",
        ),
        (
            format!("  /a:\n    get: {{ {ok}, parameters: [{{ name: x, in: body, schema: {{}} }}] }}\n"),
            "a.yaml:5 `body` a parameter is in path, query, header or cookie, not in `body`",
        ),
        (
            "  /a:\n    get: { responses: { '2000': { description: ok } } }\n".into(),
            "a.yaml:5 `'2000'` `2000` is no status",
        ),
        (
            "  /a:\n    get: { respones: {} }\n".into(),
            "a.yaml:5 `respones` an operation has no key `respones`",
        ),
        ("  /a:\n    gett: {}\n".into(), "a.yaml:5 `gett` a path has no key `gett`"),
        (
            format!("  /a/{{x}}: {{}}\n  /a/{{y}}:\n    get: {{ {ok} }}\n"),
            "a.yaml:5 `/a/{y}` the path `/a/{y}` is there already, with other names + a.yaml:4",
        ),
        (
            "  /a:\n    get: { responses: { '200': { $ref: '#/components/responses/Ok' } } }\n".into(),
            "a.yaml:5 `'#/components/responses/Ok'` `#/components/responses/Ok` leads to nothing",
        ),
        (
            format!(
                "  /a:\n    get: {{ {ok}, parameters: [{{ name: x, in: query, style: label, schema: {{}} }}] }}\n"
            ),
            "a.yaml:5 `style` values in this `style` are not checked",
        ),
    ] {
        let (_, wrong) = loaded(&[("a.yaml", &api(&paths))], false);
        assert!(wrong.iter().any(|wrong| wrong.contains(want)), "{paths}: {wrong:#?}");
    }
    for (text, want) in [
        ("openapi: 3.3.0\n", "a.yaml:1 `3.3.0` OpenAPI 3.3.0 is not known"),
        ("swagger: '2.0'\n", "a.yaml:1 `swagger` Swagger 2.0 documents are not read"),
        ("type: object\n", "a.yaml:1 `type` this is no OpenAPI document"),
        ("openapi: 3.1\n", "the version of OpenAPI is a text"),
        ("openapi: 3.1.0\npath: {}\n", "a.yaml:2 `path` an OpenAPI document has no key `path`"),
        ("[]", "this is no OpenAPI document"),
    ] {
        let (_, wrong) = loaded(&[("a.yaml", text)], false);
        assert!(wrong.iter().any(|wrong| wrong.contains(want)), "{text}: {wrong:#?}");
    }
}

#[test]
fn a_json_schema_has_types_and_a_root() {
    let text = r##"{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
        "properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"type": "integer"}}}"##;
    let (document, wrong) = loaded(&[("order.schema.json", text)], true);
    assert!(wrong.is_empty(), "{wrong:#?}");
    let document = document.unwrap();
    assert!(document.is_schema());
    assert_eq!(describe(&document.interface().root.as_ref().unwrap().pattern), "order");
    assert_eq!(document.interface().types.keys().map(|k| &**k).collect::<Vec<_>>(), ["A"]);
    let (document, _) = loaded(&[("a.json", r#"{"$defs": {"A": {"type": "integer"}}}"#)], true);
    assert!(document.unwrap().interface().root.is_none());
    let old = r##"{"$schema": "http://json-schema.org/draft-07/schema#", "type": "array", "items": [{"type": "integer"}], "additionalItems": false}"##;
    let (document, wrong) = loaded(&[("a.json", old)], true);
    assert!(wrong.is_empty(), "{wrong:#?}");
    let root = document.unwrap().interface().root.clone().unwrap().pattern;
    let takes = |json: &str| fits(&root, &from_json(json.as_bytes()).unwrap());
    assert!(takes("[1]") && !takes("[1,2]") && !takes("[\"1\"]"));
}

#[test]
fn what_comes_in_parts_is_said_not_to_be_checked() {
    let of = |media: &str, schema: &str| {
        let path = format!(
            "  /events: {{ get: {{ responses: {{ '200': {{ description: a, content: {{ {media}: {schema} }} }} }} }} }}"
        );
        loaded(&[("a.yaml", &api(&path))], false).1.join("\n")
    };
    let said = of("text/event-stream", "{ schema: { type: object } }");
    assert!(said.contains("`schema` what comes as `text/event-stream` is not checked"), "{said}");
    assert_eq!(of("text/event-stream", "{}"), "");
    assert_eq!(of("text/event-stream", "{ schema: { type: string, description: a } }"), "");
    assert_ne!(of("text/event-stream", "{ schema: { type: string, minLength: 1 } }"), "");
    assert_eq!(of("application/json", "{ schema: { type: object } }"), "");
    assert!(of("text/event-stream", "{ itemSchema: {} }").contains("has no key `itemSchema`"));
    for media in ["application/xml", "image/png", "multipart/form-data", "text/html"] {
        let said = of(media, "{ schema: { type: object } }");
        assert!(said.contains(&format!("what comes as `{media}` is not checked")), "{media}: {said}");
        assert_eq!(of(media, "{ schema: { type: string, format: binary } }"), "");
    }
    assert_eq!(of("text/html", "{ schema: { type: string, pattern: a } }"), "");
    assert_eq!(of("'*/*'", "{ schema: { type: object } }"), "");
}

#[test]
fn the_media_type_with_its_parameters_comes_before_that_without() {
    let field = |name: &str| format!("{{ schema: {{ type: object, required: [{name}] }} }}");
    let of = |content: &str, media: &str, json: &str| {
        let path = format!(
            "  /a: {{ get: {{ responses: {{ '200': {{ description: a, content: {{ {content} }} }} }} }} }}"
        );
        let (document, wrong) = loaded(&[("a.yaml", &api(&path))], false);
        assert!(wrong.is_empty(), "{wrong:#?}");
        let document = document.unwrap();
        let operation = document.interface().http("GET", "/a").unwrap();
        let payload = operation.response(200).unwrap().payload.as_ref().unwrap();
        fits(payload.of(media).unwrap().unwrap(), &from_json(json.as_bytes()).unwrap())
    };
    let two = format!("application/json;v=1: {}, application/json; v=2: {}", field("one"), field("two"));
    let (one_json, two_json) = (r#"{"one":1}"#, r#"{"two":1}"#);
    assert!(of(&two, "application/json; V=1; charset=utf-8", one_json));
    assert!(!of(&two, "application/json;v=2", one_json) && of(&two, "application/json;v=\"2\"", two_json));
    assert!(of(&two, "application/json", one_json) && of(&two, "application/json", two_json));
    let bare = format!("application/json: {}, application/json;v=2: {}", field("one"), field("two"));
    assert!(of(&bare, "application/json;v=2", two_json) && !of(&bare, "application/json;v=2", one_json));
    assert!(of(&bare, "application/json", one_json) && !of(&bare, "application/json;v=9", two_json));
}

#[test]
fn openapi_32_describes_each_part_and_has_more_methods() {
    let of = |paths: &str| {
        let text = api(&format!(
            "{paths}components: {{ mediaTypes: {{ Ticks: {{ itemSchema: {{ type: object, required: [data] }} }} }} }}\n"
        ));
        loaded(&[("a.yaml", &text.replace("3.1.0", "3.2.0"))], false)
    };
    let events = "  /e:\n    get: { responses: { '200': { description: a, content: { text/event-stream: { $ref: '#/components/mediaTypes/Ticks' } } } } }\n    query: { responses: { '204': { description: a } } }\n    additionalOperations: { COPY: { responses: { '204': { description: a } } } }\n";
    let (document, wrong) = of(events);
    assert!(wrong.is_empty(), "{wrong:#?}");
    let document = document.unwrap();
    let interface = document.interface();
    assert!(interface.http("QUERY", "/e").is_some() && interface.http("COPY", "/e").is_some());
    let payload = interface.http("GET", "/e").unwrap().response(200).unwrap().payload.as_ref().unwrap();
    let item = payload.item("text/event-stream; charset=utf-8").unwrap();
    assert!(fits(item, &from_json(br#"{"data":"1"}"#).unwrap()) && !fits(item, &from_json(b"{}").unwrap()));
    let (_, wrong) = of(
        "  /e:\n    get: { parameters: [{ name: all, in: querystring, content: {} }], responses: { '200': { description: a, content: { multipart/mixed: { itemSchema: {} }, application/jsonl: { schema: { type: object } } } } } }\n",
    );
    for part in [
        "`querystring` a parameter that is all of the query",
        "the parts of `multipart/mixed` are not checked",
        "say what each part is with `itemSchema`",
    ] {
        assert!(wrong.iter().any(|wrong| wrong.contains(part)), "{part}: {wrong:#?}");
    }
}
