/**
 * The scn language for tree-sitter.
 *
 * `grammar/scn.pest` is the grammar that counts; this one accepts what that one accepts, and a test
 * holds the two together over every file of the project and over mutated ones. As there, structure
 * is grammar and names are data: no verb, relation or option stands here. The reserved words come
 * from the keyword table, by way of `keywords.json`.
 *
 * `src/scanner.c` decides what the characters alone do not say: which line ends end something,
 * whether a bracket touches its operand, whether a word leads a statement, where raw text ends.
 */

/// <reference types="tree-sitter-cli/dsl" />
// @ts-check

const { reserved: RESERVED } = require("./keywords.json");

/** From loose to tight, as the builder of the tree climbs them. */
const LEVEL = {
  or: 10,
  and: 20,
  not: 30,
  comparison: 40,
  union: 50,
  pattern: 55,
  range: 60,
  sum: 70,
  product: 80,
  but: 90,
  prefix: 100,
  link: 110,
};

/** Reserved words, beside `in`, that stand as the key of a phrase in a setting, such as `within 30s`. */
const PHRASE_KEYS = ["within", "at", "contract", "on", "by", "per", "of", "when", "except"];

/** `rule (separator rule)*` between braces, separators around it allowed. */
function braced($, separator, rule) {
  return seq(
    alias($._brace_open, "{"),
    optional(separator),
    optional(seq(rule, repeat(seq(separator, rule)), optional(separator))),
    alias($._brace_close, "}"),
  );
}

/** `rule, rule`, where a line may end after the comma. */
function listed($, rule) {
  return seq(rule, repeat(seq($._comma, rule)));
}

/** What stands in the parentheses of a declaration. */
function parameterList($, rule) {
  return seq(
    choice(alias($._paren_open, "("), alias($._call_open, "(")),
    optional(seq(rule, repeat(seq(",", rule)), optional(","))),
    alias($._paren_close, ")"),
  );
}

function parameter($, name) {
  return seq(field("name", name), optional($._parameter_type), optional($._parameter_default));
}

/** An infix operator after which a line may end. */
function infix($, level, left, operator, right) {
  return prec.left(
    level,
    seq(field("left", left), field("operator", operator), optional($._continuation), field("right", right)),
  );
}

/** A chain of calls, fields and indices, whose brackets and points touch what they belong to. */
function chain(kind, base) {
  const whole = `_${kind}_chain`;
  const part = (name) => `_${kind}_${name}`;
  return {
    [whole]: ($) =>
      choice(
        base($),
        alias($[part("call")], $.call),
        alias($[part("field")], $.field_access),
        alias($[part("each")], $.each),
        alias($[part("index")], $.index),
      ),
    [part("call")]: ($) => seq(field("function", $[whole]), field("arguments", $.arguments)),
    [part("field")]: ($) => seq(field("value", $[whole]), alias($._field_dot, "."), field("field", $._label)),
    [part("each")]: ($) =>
      seq(field("value", $[whole]), alias($._index_open, "["), "*", alias($._bracket_close, "]")),
    [part("index")]: ($) =>
      seq(
        field("value", $[whole]),
        alias($._index_open, "["),
        field("index", $._expression),
        alias($._bracket_close, "]"),
      ),
  };
}

/**
 * The rules of expressions, twice: plain, and for headers, where a `{` opens the block. The tight
 * ones end before `and`, `or` and comparisons.
 */
function expressions(header) {
  const name = (plain) => (header ? `_header${plain}` : plain);
  const full = name("_expression");
  const tight = name("_tight");
  const term = name("_term");
  const comparison = name("_comparison");
  const level = name("_comparison_level");
  return {
    [full]: ($) =>
      choice(
        $[level],
        alias($[name("_and")], $.binary_expression),
        alias($[name("_or")], $.binary_expression),
      ),
    // What `not` reaches over.
    [level]: ($) =>
      choice($[tight], alias($[comparison], $.comparison), alias($[name("_not")], $.not_expression)),
    [name("_and")]: ($) => infix($, LEVEL.and, $[full], "and", $[full]),
    [name("_or")]: ($) => infix($, LEVEL.or, $[full], "or", $[full]),
    [name("_not")]: ($) => prec(LEVEL.not, seq("not", optional($._continuation), $[level])),
    // Comparisons do not chain, so that neither side is one.
    [comparison]: ($) =>
      prec.left(
        LEVEL.comparison,
        seq(
          field("left", $[tight]),
          field("operator", choice("==", "!=", "<", "<=", ">", ">=", seq(optional(seq($._not_infix, "not", optional($._continuation))), choice("in", "contains", "matches")))),
          optional($._continuation),
          field("right", $[tight]),
        ),
      ),
    [tight]: ($) =>
      choice(
        $[term],
        alias($[name("_tight_not")], $.not_expression),
        alias($[name("_negation")], $.negation),
        alias($[name("_any")], $.any_expression),
        alias($[name("_pattern")], $.comparison_pattern),
        alias($[name("_binary")], $.binary_expression),
        alias($[name("_link")], $.link),
        alias($[name("_but")], $.but_expression),
      ),
    [name("_tight_not")]: ($) => prec(-1, seq("not", optional($._continuation), $[tight])),
    [name("_negation")]: ($) => prec(LEVEL.prefix, seq(alias($._negate, "-"), optional($._continuation), $[tight])),
    [name("_any")]: ($) => prec(LEVEL.prefix, seq($._any_prefix, "any", $[tight])),
    [name("_pattern")]: ($) =>
      prec(
        LEVEL.pattern,
        seq(field("operator", choice("==", "!=", "<", "<=", ">", ">=")), optional($._continuation), $[tight]),
      ),
    [name("_binary")]: ($) =>
      choice(
        infix($, LEVEL.union, $[tight], "|", $[tight]),
        infix($, LEVEL.range, $[tight], "..", $[tight]),
        infix($, LEVEL.sum, $[tight], choice("+", alias($._subtract, "-")), $[tight]),
        infix($, LEVEL.product, $[tight], choice("*", alias($._divide, "/"), "%"), $[tight]),
      ),
    [name("_but")]: ($) => prec.left(LEVEL.but, seq(field("value", $[tight]), "but", field("with", $[tight]))),
    [name("_link")]: ($) =>
      prec.left(
        LEVEL.link,
        seq(
          field("from", $[tight]),
          "->",
          choice(field("to", alias("*", $.wildcard)), seq(optional($._continuation), field("to", $[tight]))),
        ),
      ),
    [term]: ($) =>
      choice(
        $.regex,
        $._number,
        $._name_chain,
        $._value_chain,
        ...(header ? [] : [$._object_chain, alias($._refinement, $.refinement)]),
        alias($[name("_many")], $.many),
      ),
    // `50 of Customer`
    [name("_many")]: ($) =>
      prec(
        200,
        seq(
          field("count", choice($._number, $._name_chain)),
          "of",
          field(
            "shape",
            choice(
              $.regex,
              $._name_chain,
              $._value_chain,
              ...(header ? [] : [$._object_chain, alias($._refinement, $.refinement)]),
            ),
          ),
        ),
      ),
  };
}

module.exports = grammar({
  name: "scn",

  word: ($) => $.identifier,

  externals: ($) => [
    // Line ends: one that separates, one after an operator, one that is space, one before `else`.
    $._newline,
    $._continuation,
    $._soft_newline,
    $._else_gap,
    // Nothing wide: the next word leads a statement, leads what has a value, is an `any` with or
    // without something to draw, is a `not` before a word that compares, is a key before `:` or `?`.
    $._leads_statement,
    $._leads_value,
    $._any_prefix,
    $._any_alone,
    $._not_infix,
    $._key,
    // Brackets.
    $._paren_open,
    $._call_open,
    $._paren_close,
    $._list_open,
    $._index_open,
    $._bracket_close,
    $._brace_open,
    $._brace_close,
    $._interpolation_open,
    // Operators that need, or must not have, a space.
    $._subtract,
    $._negate,
    $._divide,
    $._field_dot,
    $._it_dot,
    // Numbers.
    $.number,
    $.duration,
    $.size,
    $.percent,
    $.rate,
    $._share,
    // Raw text.
    $._path_start,
    $._path_first,
    $._path_text,
    $._url_start,
    $._string_text,
    $._triple_text,
    $._raw_line,
    $._raw_block,
    $._regex_text,
    // Never found: valid where an operand may stand, which begins with no comparison.
    $._after_place,
    // In no rule: valid only while the parser recovers, found where what follows is refused.
    $._recovering,
  ],

  extras: ($) => [/[ \t\v\f]/, $._soft_newline, $.comment, $.doc_comment],

  reserved: {
    global: (_) => RESERVED,
    label: (_) => [],
    // The contextual words that introduce a phrase name no relation.
    relation: (_) => [...RESERVED, "as", "before", "during", "or_empty"],
  },

  supertypes: ($) => [$.item],

  inline: ($) => [$._number],

  rules: {
    source_file: ($) =>
      seq(optional($._separator), optional(seq($._item, repeat(seq($._separator, $._item)), optional($._separator)))),

    comment: (_) => token(/\/\/[^\n\r]*/),
    doc_comment: (_) => token(prec(1, /\/\/[/!][^\n\r]*/)),

    _separator: ($) => repeat1(choice($._newline, ";")),
    _data_separator: ($) =>
      choice($._comma, seq($._newline, optional($._comma))),
    _comma: ($) => seq(",", optional($._continuation)),

    identifier: (_) => /[A-Za-z_]([A-Za-z0-9_]|-[A-Za-z0-9_])*/,
    // Any word: a field, a label.
    _label: ($) => reserved("label", $.identifier),

    // ---- items ----------------------------------------------------------------------------

    _item: ($) => seq(repeat(seq($.attribute, optional($._continuation))), $.item),

    attribute: ($) => seq(field("name", $.attribute_name), field("arguments", optional($.arguments))),
    attribute_name: (_) => /@[A-Za-z_]([A-Za-z0-9_]|-[A-Za-z0-9_])*/,

    item: ($) =>
      choice(
        $.use_item,
        $.seed_item,
        $.input_item,
        $.secret_item,
        alias($.let_statement, $.let_item),
        $.service_item,
        $.environment_item,
        $.owner_item,
        $.double_item,
        $.profile_item,
        $.stage_item,
        $.shape_item,
        $.fixture_item,
        $.action_item,
        $.check_item,
        $.function_item,
        $.scenario_item,
      ),

    use_item: ($) =>
      seq(
        "use",
        field("path", $.string),
        field("names", optional($.use_names)),
        optional(seq("as", field("alias", $.identifier))),
      ),
    use_names: ($) => braced($, $._data_separator, $.use_name),
    use_name: ($) => seq(field("name", $.identifier), optional(seq("as", field("alias", $.identifier)))),

    seed_item: ($) => seq("seed", field("value", $._expression)),
    input_item: ($) =>
      seq("input", field("name", $.identifier), optional($._parameter_type), optional($._parameter_default)),
    secret_item: ($) => seq("secret", field("name", $.identifier), optional(seq("from", "file", field("file", $.string)))),

    service_item: ($) => seq("service", field("name", $.identifier), field("body", $.settings)),
    environment_item: ($) => seq("environment", field("name", $.identifier), field("body", $.settings)),
    owner_item: ($) => seq("owner", field("name", $.identifier), field("body", $.settings)),

    // `with` begins a setting even on the line of the one before.
    settings: ($) =>
      seq(
        alias($._brace_open, "{"),
        optional($._separator),
        optional(
          seq(
            choice($._setting, alias($.with_setting, $.setting)),
            repeat(choice(seq($._separator, $._setting), seq(optional($._separator), alias($.with_setting, $.setting)))),
            optional($._separator),
          ),
        ),
        alias($._brace_close, "}"),
      ),
    _setting: ($) => choice($.variant, $.setting),
    variant: ($) => prec(1, seq("variant", field("name", $.identifier), field("body", $.settings))),
    setting: ($) =>
      seq(
        field("name", $._label),
        optional($._setting_rest),
      ),
    with_setting: ($) =>
      seq(
        field("name", alias("with", $.identifier)),
        optional($._setting_rest),
      ),
    setting_request: ($) =>
      seq(field("verb", alias($.identifier, $.verb)), field("place", choice($.path, $.string))),
    // The word after the name is the value, unless it is one that introduces a phrase.
    _setting_rest: ($) =>
      seq(
        choice($.setting_request, field("value", $._tight), alias($._key_phrase, $.setting_phrase)),
        repeat($.setting_phrase),
      ),
    setting_phrase: ($) => seq(field("key", choice($.identifier, $._phrase_key)), field("value", $._tight)),
    _key_phrase: ($) => seq(field("key", $._phrase_key), field("value", $._tight)),
    _phrase_key: ($) => choice(seq("in", optional($._continuation)), ...PHRASE_KEYS),

    double_item: ($) =>
      seq(
        "double",
        field("name", $.identifier),
        field("parameters", optional($.parameters)),
        "of",
        field("service", $.identifier),
        field("body", $.double_rules),
      ),
    double_rules: ($) => braced($, $._separator, $.double_rule),
    double_rule: ($) =>
      seq(
        "on",
        field("verb", alias($.identifier, $.verb)),
        field("place", optional(choice($.path, $.string))),
        optional(seq("when", field("condition", $._header_expression))),
        field("body", $.block),
      ),

    profile_item: ($) =>
      seq(
        "profile",
        field("name", $.identifier),
        field("parameters", optional(alias($.phrase_parameters, $.parameters))),
        field("body", $.profile_body),
      ),
    profile_body: ($) =>
      braced($, $._separator, seq($._leads_statement, choice($.probe_statement, $.same_statement))),

    parameters: ($) => parameterList($, $.parameter),
    parameter: ($) => parameter($, $.identifier),
    // Those of relations and profiles are phrases too, such as `by`.
    phrase_parameters: ($) => parameterList($, alias($.phrase_parameter, $.parameter)),
    phrase_parameter: ($) => parameter($, $._label),
    _parameter_type: ($) => seq(":", field("type", $._tight)),
    _parameter_default: ($) => seq("=", optional($._continuation), field("default", $._expression)),

    stage_item: ($) =>
      seq(
        "stage",
        field("name", $.identifier),
        optional(seq("after", listed($, field("after", $.identifier)))),
        field("body", optional($.stage_body)),
      ),
    stage_body: ($) =>
      braced($, $._separator, choice($.require_gate, $.on_failure, $.finally, $.suite)),
    require_gate: ($) => seq("require", listed($, $._expression)),
    on_failure: ($) => seq("on", "failure", field("body", $.block)),
    finally: ($) => seq("finally", field("body", $.block)),
    suite: ($) => seq("suite", field("name", $.identifier), field("body", $.settings)),

    shape_item: ($) =>
      seq(
        "shape",
        field("name", $.identifier),
        choice(seq("=", optional($._continuation), field("pattern", $._expression)), field("pattern", $.object)),
      ),
    fixture_item: ($) => seq("fixture", field("name", $.identifier), field("body", $.block)),
    action_item: ($) =>
      seq("action", field("name", $.identifier), field("parameters", $.parameters), field("body", $.block)),

    check_item: ($) =>
      seq("check", field("name", $.identifier), field("parameters", alias($.phrase_parameters, $.parameters)), "rhai", field("body", $.script)),
    function_item: ($) =>
      seq("fn", field("name", $.identifier), field("parameters", alias($.phrase_parameters, $.parameters)), "rhai", field("body", $.script)),
    // Raw: `${…}` belongs to rhai.
    script: ($) =>
      choice(
        seq('"""', optional(alias($._raw_block, $.script_content)), '"""'),
        seq('"', optional(alias($._raw_line, $.script_content)), '"'),
      ),

    scenario_item: ($) =>
      seq(
        "scenario",
        field("title", $.string),
        optional(seq("in", optional($._continuation), field("stage", $.identifier))),
        optional(seq("with", listed($, field("double", $._header_tight)))),
        field("body", $.block),
      ),

    // ---- statements -----------------------------------------------------------------------

    block: ($) => braced($, $._separator, $._statement),

    _statement: ($) =>
      choice(
        $.expect_statement,
        $.let_statement,
        $.return_statement,
        seq($._leads_statement, $._led),
        $.request,
        $.expression_statement,
      ),
    _led: ($) =>
      choice(
        $.step_statement,
        $.defer_statement,
        $.under_statement,
        $.workload_statement,
        $.idempotent_statement,
        $.forall_statement,
        $.observe_statement,
        $.wait_statement,
        $.show_statement,
        $.stop_statement,
        $.rejected_statement,
        $.reply_statement,
        $.fail_statement,
        $._led_value,
      ),
    _led_value: ($) =>
      choice($.next_expression, $.if_expression, $.for_expression, $.parallel_expression, $.eventually_expression),
    // What may stand right of `let … =`, and after `return` and `defer`.
    _action_value: ($) => choice(seq($._leads_value, $._led_value), $.request, $._expression),

    expression_statement: ($) => $._expression,

    let_statement: ($) =>
      seq("let", field("name", $._let_target), "=", optional($._continuation), field("value", $._action_value)),
    _let_target: ($) => choice($.identifier, $.name_list),
    name_list: ($) =>
      seq(
        choice(alias($._list_open, "["), alias($._index_open, "[")),
        $.identifier,
        repeat(seq(",", $.identifier)),
        optional(","),
        alias($._bracket_close, "]"),
      ),

    step_statement: ($) => seq("step", field("title", $.string), field("body", $.block)),
    return_statement: ($) => seq("return", field("value", optional($._action_value))),
    // A `{` opens a block here.
    defer_statement: ($) =>
      seq("defer", choice(field("body", $.block), seq($._leads_value, $._led_value), $.request, $._header_expression)),
    wait_statement: ($) => seq("wait", field("value", $._expression)),
    show_statement: ($) => seq("show", field("value", $._expression)),
    stop_statement: ($) => seq("stop", "when", field("condition", $._expression)),
    rejected_statement: ($) => seq("rejected", "when", field("condition", $._expression)),
    reply_statement: ($) =>
      seq(
        "reply",
        field("value", $._tight),
        repeat(choice(seq("after", field("after", $._tight)), seq("with", field("options", $._tight)))),
      ),
    // A name is the code, whatever follows.
    fail_statement: ($) =>
      prec(
        1,
        seq(
          "fail",
          field("code", optional($.identifier)),
          field("value", optional($._tight)),
          optional(seq("with", field("options", $._tight))),
        ),
      ),

    expect_statement: ($) => seq("expect", $._claim),
    effect_statement: ($) => seq("effect", $._claim),
    _claim: ($) =>
      seq(
        choice(field("claim", $._expression), seq(field("subject", $._tight), field("relation", $.relation))),
        repeat($._claim_tail),
      ),
    relation: ($) =>
      seq(
        optional(seq("not", optional($._continuation))),
        field("name", alias(reserved("relation", $.identifier), $.relation_name)),
        field("arguments", optional($.arguments)),
        field("operand", optional($._tight)),
        repeat($.phrase),
      ),
    phrase: ($) =>
      choice(
        seq(
          field("key", choice("by", "per", "of", "as", "before", "on", "with", seq("in", optional($._continuation)))),
          field("value", $._tight),
        ),
        seq("except", listed($, field("value", $._tight))),
        "or_empty",
      ),
    _claim_tail: ($) => choice($.within, $.throughout, $.because, $.during),
    within: ($) => seq("within", field("value", $._tight)),
    throughout: ($) => seq("throughout", field("value", $._tight)),
    because: ($) => seq("because", field("reason", $.string)),
    during: ($) => seq("during", field("body", $.block)),

    under_statement: ($) => seq("under", listed($, $.fault), field("body", $.block)),
    fault: ($) => seq(field("fault", $._header_tight), optional(seq("on", field("place", $._header_tight)))),

    workload_statement: ($) =>
      seq(
        "workload",
        field("name", $.identifier),
        repeat(
          choice(
            seq("by", field("clients", $._header_tight), "clients"),
            seq("at", field("rate", $._header_tight)),
            seq("for", field("for", $._header_tight), optional("operations")),
            seq("with", field("options", $.object)),
          ),
        ),
        field("body", $.mix),
      ),
    mix: ($) => braced($, $._separator, $.mixed),
    mixed: ($) => seq(optional(field("share", alias($._share, $.percent))), $._statement),

    idempotent_statement: ($) =>
      seq(
        "idempotent",
        optional(seq("as", field("profile", $._header_tight))),
        field("body", alias($.claims, $.block)),
      ),
    claims: ($) =>
      braced(
        $,
        $._separator,
        choice(
          $._statement,
          seq($._leads_statement, choice($.probe_statement, $.same_statement, $.effect_statement)),
        ),
      ),
    probe_statement: ($) =>
      seq(
        "probe",
        field("probe", $._header_tight),
        optional(seq("on", field("place", $._header_tight))),
        field("body", optional($.block)),
      ),
    same_statement: ($) =>
      seq("same", listed($, $._tight), optional(seq("except", listed($, field("except", $._tight))))),

    forall_statement: ($) =>
      seq(
        "forall",
        field("name", $.identifier),
        "in",
        optional($._continuation),
        field("shape", $._header_tight),
        optional(seq("for", field("cases", $._header_tight), "cases")),
        field("body", $.block),
      ),

    observe_statement: ($) =>
      seq(
        "observe",
        field("name", $.identifier),
        "from",
        field("source", choice($.request, $._expression)),
        optional(seq("every", field("every", $._tight))),
      ),

    next_expression: ($) =>
      seq(
        "next",
        field("stream", $._term),
        optional(seq("matches", optional($._continuation), field("pattern", $._tight))),
        optional(seq("within", field("within", $._tight))),
      ),
    if_expression: ($) =>
      prec.right(
        seq(
          "if",
          field("condition", $._header_expression),
          field("then", $.block),
          optional(
            seq(optional($._else_gap), "else", field("else", choice($.if_expression, $.block))),
          ),
        ),
      ),
    for_expression: ($) => seq("for", $._for_rest),
    _for_rest: ($) =>
      seq(
        field("name", $._let_target),
        "in",
        optional($._continuation),
        field("list", $._header_expression),
        field("body", $.block),
      ),
    parallel_expression: ($) => seq("parallel", choice(seq("for", $._for_rest), field("body", $.block))),
    eventually_expression: ($) =>
      seq(
        "eventually",
        repeat(choice(seq("within", field("within", $._header_tight)), seq("every", field("every", $._header_tight)))),
        field("body", $.block),
      ),

    // ---- requests -------------------------------------------------------------------------

    // VERB TARGET? PLACE? OPERAND? (with { … })?, for every verb of every protocol.
    request: ($) =>
      seq(
        field("verb", alias($.identifier, $.verb)),
        choice(
          field("place", $.url),
          seq(field("target", $.target), optional(field("place", choice($.path, alias($._place, $.string))))),
          field("place", choice(alias($._first_path, $.path), alias($._place, $.string))),
        ),
        optional(choice(field("operand", $._expression), $._after_place)),
        optional(seq("with", field("options", $.object))),
      ),
    _place: ($) => prec(1, $._string),
    target: ($) =>
      seq(
        field("name", $.identifier),
        repeat(seq(alias($._field_dot, "."), field("member", $._label))),
        optional(seq(alias($._index_open, "["), field("index", $._expression), alias($._bracket_close, "]"))),
      ),

    path: ($) => seq($._path_start, repeat(choice($._path_text, $.interpolation))),
    _first_path: ($) => seq($._path_first, repeat(choice($._path_text, $.interpolation))),
    url: ($) => seq($._url_start, repeat(choice($._path_text, $.interpolation))),

    // ---- expressions ----------------------------------------------------------------------

    ...expressions(false),
    ...expressions(true),

    _number: ($) => choice($.number, $.duration, $.size, $.percent, $.rate),

    ...chain("name", ($) => $.identifier),
    ...chain("value", ($) => choice($.string, $.it, $.list, $.parenthesized, $._literal)),
    // A header has none of these, since a `{` opens its block.
    ...chain("object", ($) => $.object),
    _literal: ($) =>
      choice($.true, $.false, $.null, $.absent, $.any),
    true: (_) => "true",
    false: (_) => "false",
    null: (_) => "null",
    absent: (_) => "absent",
    any: ($) => seq($._any_alone, "any"),
    _refinement: ($) => prec(LEVEL.link + 1, seq(field("shape", $._name_chain), field("fields", $.object))),

    it: ($) => seq(alias($._it_dot, "."), field("field", $._label)),
    parenthesized: ($) => seq(alias($._paren_open, "("), $._expression, alias($._paren_close, ")")),

    arguments: ($) =>
      seq(alias($._call_open, "("), optional(seq($.argument, repeat(seq(",", $.argument)), optional(","))), alias($._paren_close, ")")),
    argument: ($) =>
      seq(
        optional(seq($._key, field("name", $._label), ":")),
        field("value", $._expression),
      ),

    object: ($) => braced($, $._data_separator, choice($.entry, $.spread)),
    spread: ($) => seq("..", optional($._expression)),
    entry: ($) =>
      choice(
        field("key", $.identifier),
        seq(
          choice(seq($._key, field("key", $._label)), field("key", $.string)),
          choice("?", seq(optional("?"), ":", field("value", $._expression))),
        ),
      ),

    list: ($) =>
      seq(
        alias($._list_open, "["),
        optional(
          seq(
            choice(
              $.ellipsis,
              seq(
                $._expression,
                choice(
                  seq(";", field("size", $._expression)),
                  seq(repeat(seq(",", $._expression)), optional(seq(",", $.ellipsis))),
                ),
              ),
            ),
            optional(","),
          ),
        ),
        alias($._bracket_close, "]"),
      ),
    ellipsis: (_) => "..",

    // ---- literals -------------------------------------------------------------------------

    string: ($) => $._string,
    _string: ($) =>
      choice(
        seq('"', repeat(choice(alias($._string_text, $.string_content), $.escape, $.interpolation)), '"'),
        seq('"""', repeat(choice(alias($._triple_text, $.string_content), $.escape, $.interpolation)), '"""'),
      ),
    escape: (_) => token.immediate(/\\([nrt"\\$]|u\{[0-9A-Fa-f]{1,6}\})/),
    interpolation: ($) => seq(alias($._interpolation_open, "${"), $._expression, alias($._brace_close, "}")),
    regex: ($) => seq('re"', optional(alias($._regex_text, $.regex_content)), token.immediate('"')),
  },
});
