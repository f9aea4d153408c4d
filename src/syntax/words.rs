//! The rules of the grammar, in words.

use crate::syntax::grammar::Rule;

/// A rule in words; `None` for those that only serve others. One arm a rule, so that a new rule
/// without words does not compile.
pub(crate) fn words(rule: Rule) -> Option<&'static str> {
    use Rule as R;
    Some(match rule {
        R::label | R::name | R::use_name | R::arg_name => "a name",
        R::k_else => "`else`",
        R::k_for => "`for`",
        R::k_any => "`any`",
        R::k_but
        | R::k_and
        | R::k_not
        | R::k_or
        | R::infix
        | R::tight_infix
        | R::compare
        | R::compare_word
        | R::union
        | R::range
        | R::add
        | R::subtract
        | R::multiply
        | R::divide
        | R::remainder
        | R::link
        | R::link_any
        | R::postfix
        | R::field
        | R::each
        | R::index => "an operator",
        R::k_in => "`in`",
        R::k_matches | R::next_matches => "`matches`",
        R::k_contains => "`contains`",
        R::k_with | R::reply_with => "`with`",
        R::k_because | R::because => "`because`",
        R::k_within | R::within | R::eventually_within => "`within`",
        R::k_throughout | R::throughout => "`throughout`",
        R::k_by => "`by`",
        R::k_per => "`per`",
        R::k_of => "`of`",
        R::k_on => "`on`",
        R::k_except | R::same_except => "`except`",
        R::k_when => "`when`",
        R::k_as => "`as`",
        R::k_before => "`before`",
        R::k_during | R::during => "`during`",
        R::k_or_empty => "`or_empty`",
        R::k_every | R::eventually_every | R::observe_every => "`every`",
        R::k_after | R::reply_after => "`after`",
        R::k_at => "`at`",
        R::k_clients => "`clients`",
        R::k_operations => "`operations`",
        R::k_cases => "`cases`",
        R::k_require | R::require => "`require`",
        R::k_failure => "`failure`",
        R::k_finally | R::finally => "`finally`",
        R::k_suite | R::suite => "`suite`",
        R::k_variant => "`variant`",
        R::k_contract => "`contract`",
        R::k_from => "`from`",
        R::k_file => "`file`",
        R::k_rhai => "`rhai`",
        R::separator | R::EOI => "a line end",
        R::data_separator => "`,` or a line end",
        R::open_brace | R::stage_body => "`{`",
        R::close_brace => "`}`",
        R::open_paren => "`(`",
        R::close_paren => "`)`",
        R::close_list => "`]`",
        R::comma => "`,`",
        R::colon => "`:`",
        R::optional => "`?`",
        R::equals => "`=`",
        R::item_file
        | R::item
        | R::use_item
        | R::seed
        | R::input
        | R::secret
        | R::service
        | R::environment
        | R::owner
        | R::double
        | R::profile
        | R::stage
        | R::shape
        | R::fixture
        | R::action
        | R::check_item
        | R::fn_item
        | R::scenario
        | R::k_use
        | R::k_seed
        | R::k_input
        | R::k_secret
        | R::k_service
        | R::k_environment
        | R::k_double
        | R::k_profile
        | R::k_stage
        | R::k_shape
        | R::k_fixture
        | R::k_action
        | R::k_check
        | R::k_fn
        | R::k_owner
        | R::k_scenario => "an item",
        R::expression_file
        | R::setting_request
        | R::relation_operand
        | R::expr
        | R::header
        | R::tight
        | R::tight_header
        | R::prefix
        | R::counted
        | R::header_counted
        | R::any
        | R::negate
        | R::prefix_not
        | R::prefix_compare
        | R::any_alone
        | R::term
        | R::header_term
        | R::primary
        | R::header_primary
        | R::it
        | R::literal
        | R::paren
        | R::number
        | R::regex => "a value",
        R::attribute => "an attribute",
        R::use_names => "names in braces",
        R::settings => "settings in braces",
        R::setting | R::variant | R::plain_setting => "a setting",
        R::setting_phrase => "a phrase such as `in \"…\"`",
        R::double_rules => "rules in braces",
        R::profile_body => "probes in braces",
        R::double_rule => "a rule such as `on GET /path { … }`",
        R::params => "parameters in parentheses",
        R::param => "a parameter",
        R::param_type => "`: TYPE`",
        R::param_default => "`= DEFAULT`",
        R::on_failure => "`on failure`",
        R::script => "a script in `\"\"\"`",
        R::script_code | R::script_line => "a script",
        R::block => "a block in braces",
        R::statement
        | R::let_statement
        | R::step
        | R::return_statement
        | R::defer
        | R::wait
        | R::show
        | R::stop_when
        | R::rejected_when
        | R::reply
        | R::fail
        | R::expect
        | R::effect
        | R::under
        | R::workload
        | R::idempotent
        | R::probe
        | R::same
        | R::forall
        | R::observe
        | R::action_value
        | R::next
        | R::if_value
        | R::parallel
        | R::for_value
        | R::eventually
        | R::k_let
        | R::k_expect
        | R::k_step
        | R::k_loop
        | R::k_if
        | R::k_parallel
        | R::k_eventually
        | R::k_stop
        | R::k_rejected
        | R::k_under
        | R::k_workload
        | R::k_idempotent
        | R::k_probe
        | R::k_same
        | R::k_effect
        | R::k_forall
        | R::k_observe
        | R::k_defer
        | R::k_return
        | R::k_wait
        | R::k_show
        | R::k_next
        | R::k_reply
        | R::k_fail => "a statement",
        R::let_list => "names in `[ ]`",
        R::claim => "a comparison or a relation",
        R::relation | R::relation_head | R::relation_name => "a relation",
        R::phrase | R::phrase_key => "a phrase such as `by .id`",
        R::fault => "a fault",
        R::workload_clients => "`by N clients`",
        R::workload_rate => "`at RATE`",
        R::workload_for => "`for …`",
        R::workload_with => "`with { … }`",
        R::mix => "operations in braces",
        R::mixed => "an operation",
        R::share => "a share such as `60%`",
        R::request => "a request",
        R::verb => "a verb",
        R::target => "a target",
        R::target_member => "`.name`",
        R::target_index => "`[index]`",
        R::operand => "a body",
        R::options => "`with { … }`",
        R::path => "a path",
        R::url => "a URL",
        R::refine | R::object => "an object",
        R::args => "arguments",
        R::arg => "an argument",
        R::entry | R::dots | R::entry_field => "a field",
        R::list => "a list",
        R::sized => "`;` and a size",
        R::ellipsis => "`..`",
        R::string | R::triple => "a string",
        R::interpolation => "`${…}`",
        R::WHITESPACE
        | R::word_char
        | R::many
        | R::header_many
        | R::lone_slash
        | R::committed
        | R::leading
        | R::statement_word
        | R::keyword_statement
        | R::row_end
        | R::prefix_start
        | R::of_word
        | R::postfix_start
        | R::word
        | R::reserved
        | R::lead
        | R::hole
        | R::setting_word
        | R::stage_part
        | R::profile_part
        | R::let_target
        | R::phrase_word
        | R::claim_tail
        | R::else_gap
        | R::for_rest
        | R::not_verb
        | R::scheme
        | R::path_text
        | R::path_braces
        | R::path_end
        | R::any_end
        | R::reserved_after_any
        | R::number_rest
        | R::date
        | R::text
        | R::triple_text
        | R::escape
        | R::regex_text => return None,
    })
}
