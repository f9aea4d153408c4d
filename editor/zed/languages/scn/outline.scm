; Items with what they are and what they are called.

(scenario_item "scenario" @context title: (string) @name) @item
(service_item "service" @context name: (identifier) @name) @item
(stage_item "stage" @context name: (identifier) @name) @item
(shape_item "shape" @context name: (identifier) @name) @item
(fixture_item "fixture" @context name: (identifier) @name) @item
(action_item "action" @context name: (identifier) @name) @item
(double_item "double" @context name: (identifier) @name) @item
(check_item "check" @context name: (identifier) @name) @item
(function_item "fn" @context name: (identifier) @name) @item
(profile_item "profile" @context name: (identifier) @name) @item
(step_statement "step" @context title: (string) @name) @item

(doc_comment) @annotation
