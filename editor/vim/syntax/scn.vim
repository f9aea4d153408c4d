" Generated from the keyword table and the registry by `tests/editors`: change the template in `editor/templates`.
" Vim syntax file
" Language: scn, a scenario language

if exists("b:current_syntax")
  finish
endif

let s:cpo = &cpo
set cpo&vim

" A hyphen belongs to a name.
syntax iskeyword @,48-57,_,-

syntax case match

" Names of the registry, which stand anywhere; structure comes after them and wins.
syntax match scnFunction /\<\%(reordered_body\|lost_response\|lost_response\|malformed_key\|other_replica\|cas_register\|changed_body\|failed_first\|lost_request\|lost_request\|other_tenant\|hmac_sha256\|list_append\|missing_key\|starts_with\|append_log\|concurrent\|from_jsonl\|redelivery\|rst_stream\|slow_close\|url_decode\|url_encode\|bandwidth\|base64url\|duplicate\|ends_with\|from_json\|from_yaml\|half_open\|in_flight\|multipart\|unordered\|coverage\|datetime\|from_csv\|from_sql\|quotient\|register\|truncate\|unbase64\|attempt\|corrupt\|counter\|expired\|flatten\|graphql\|latency\|reorder\|replace\|restart\|restart\|timeout\|to_json\|base64\|bearer\|goaway\|header\|number\|repeat\|replay\|sha256\|sha512\|status\|values\|basic\|bytes\|crash\|delay\|floor\|lower\|pause\|queue\|reset\|round\|slice\|split\|stack\|unhex\|upper\|ceil\|date\|file\|form\|join\|json\|keys\|kill\|link\|lock\|slug\|span\|text\|trim\|utf8\|abs\|hex\|int\|map\|now\|set\)\ze(/
syntax match scnFunction /\%(^\s*\|[{;]\s*\)\@<=\%(probe\s\+\)\@<=\%(reordered_body\|lost_response\|malformed_key\|other_replica\|changed_body\|failed_first\|lost_request\|other_tenant\|missing_key\|concurrent\|redelivery\|in_flight\|expired\|restart\|replay\)\>/
syntax match scnRelation /\%([[:alnum:]_)\]"] \)\@<=\%(honours_retry_after\|propagates_deadline\|writes_follow_reads\|monotonic_writes\|read_your_writes\|compatible_with\|monotonic_reads\|converges_with\|at_least_once\|opens_circuit\|same_order_as\|at_most_once\|exactly_once\|linearizable\|serializable\|gives_up_on\|no_phantoms\|stale_below\|increasing\|leaks_none\|attempted\|backs_off\|connected\|prefix_of\|unchanged\|lossless\|becomes\|gapless\|no_loss\|ordered\|causal\|signed\|unique\|rises\|fifo\|has\)\>\%(\s*[:=?]\)\@!/
syntax match scnType /\%(\<any \|\<of \|: \|| \|\[\)\@<=\%(person_name\|base64url\|malformed\|anything\|datetime\|duration\|hostname\|sentence\|weighted\|address\|company\|decimal\|base64\|number\|object\|one_of\|unique\|bytes\|edges\|email\|phone\|bool\|date\|list\|slug\|text\|time\|ulid\|uuid\|hex\|int\|url\|ip\)\>\%(\s*:\)\@!/
syntax keyword scnConstant ABORTED ALREADY_EXISTS CANCELLED DATA_LOSS DEADLINE_EXCEEDED FAILED_PRECONDITION INTERNAL INVALID_ARGUMENT NOT_FOUND OK OUT_OF_RANGE PERMISSION_DENIED RESOURCE_EXHAUSTED UNAUTHENTICATED UNAVAILABLE UNIMPLEMENTED UNKNOWN addr calls host member out port request scratch trace url

" Words inside expressions and phrases.
syntax match scnOperatorWord /[.]\@1<!\<\%(contains\|matches\|absent\|false\|null\|true\|and\|any\|but\|not\|in\|or\)\>\%(\s*?\=:\)\@!/
syntax match scnBoolean /[.]\@1<!\<\%(true\|false\)\>\%(\s*?\=:\)\@!/
syntax match scnNothing /[.]\@1<!\<\%(null\|absent\)\>\%(\s*?\=:\)\@!/
syntax match scnPhrase /\%([[:alnum:]_)\]}"%*]\s\+\|^\s*\)\@<=\<\%(operations\|throughout\|contract\|or_empty\|because\|clients\|failure\|finally\|require\|variant\|before\|during\|except\|within\|after\|cases\|every\|suite\|else\|file\|from\|rhai\|when\|with\|per\|as\|at\|by\|of\|on\)\>\%([(.[]\|\s*[:=?]\)\@!/

" What leads a line.
syntax match scnItem /^\s*\zs\<\%(environment\|scenario\|fixture\|profile\|service\|action\|double\|secret\|check\|input\|owner\|shape\|stage\|seed\|let\|use\|fn\)\>\ze\s/
syntax match scnStatement /\%(^\s*\|[{};=]\s*\|\<\%(return\|defer\|parallel\|else\)\s\+\)\@<=\<\%(eventually\|idempotent\|parallel\|rejected\|workload\|observe\|effect\|forall\|defer\|probe\|reply\|under\|fail\|next\|same\|show\|step\|stop\|wait\|for\|if\)\>\%([.([]\|\s*[:?=]\)\@!/
syntax match scnStatement /[.]\@1<!\<\%(let\|expect\|return\|else\)\>\%(\s*?\=:\)\@!/
syntax match scnVerb /\%(^\s*\|[{;=]\s*\|\<\%(return\|defer\|from\|on\|ready\|metrics\)\s\+\|\d%\s\+\)\@<=\<\%(rollback\|OPTIONS\|command\|publish\|request\|restart\|DELETE\|cancel\|commit\|insert\|resume\|PATCH\|QUERY\|TRACE\|begin\|close\|pause\|query\|start\|HEAD\|POST\|call\|exec\|kill\|open\|ping\|send\|stop\|term\|GET\|PUT\|ack\|nak\)\>\ze\s\+[A-Za-z_/"]/

syntax match scnAttribute /@\h\%(\w\|-\w\)*/

" Literals.
syntax match scnNumber /[[:alnum:]_.-]\@1<!\d[[:digit:]_]*\%(\.\d[[:digit:]_]*\)\=\%([eE][+-]\=\d\+\|[a-zA-Z0-9.]\+\)\=%\=\%(\/[0-9a-z]\+\)\=/
syntax match scnPath /\s\@1<=\/\%(\${[^}]*}\|[^[:space:];,)\]{}]\)\+/ contains=scnInterpolation
syntax match scnPath /\<\a\+:\/\/\%(\${[^}]*}\|[^[:space:];,)\]{}]\)*/ contains=scnInterpolation
syntax match scnEscape /\\\%([nrt"\\$]\|u{\x\{1,6}}\)/ contained
syntax region scnInterpolation matchgroup=scnDelimiter start=/\${/ end=/}/ contained contains=TOP
syntax region scnString start=/"/ skip=/\\./ end=/"\|$/ contains=scnEscape,scnInterpolation
syntax region scnString start=/"""/ skip=/\\./ end=/"""/ contains=scnEscape,scnInterpolation
syntax region scnRegex start=/\<re"/ skip=/\\./ end=/"\|$/
syntax region scnScript start=/\%(\<rhai\s*\)\@<="/ end=/"\|$/
syntax region scnScript start=/\%(\<rhai\s*\)\@<="""/ end=/"""/

" Comments come last, so that nothing begins in them.
syntax match scnComment /\/\/.*$/ contains=@Spell,scnTodo
syntax match scnDoc /\/\/[\/!].*$/ contains=@Spell,scnTodo
syntax keyword scnTodo contained TODO FIXME XXX

syntax sync minlines=200

highlight default link scnItem Keyword
highlight default link scnStatement Statement
highlight default link scnPhrase Keyword
highlight default link scnOperatorWord Operator
highlight default link scnBoolean Boolean
highlight default link scnNothing Constant
highlight default link scnConstant Constant
highlight default link scnVerb Function
highlight default link scnFunction Function
highlight default link scnRelation Function
highlight default link scnType Type
highlight default link scnAttribute PreProc
highlight default link scnNumber Number
highlight default link scnPath Special
highlight default link scnString String
highlight default link scnRegex String
highlight default link scnScript String
highlight default link scnEscape SpecialChar
highlight default link scnDelimiter Delimiter
highlight default link scnComment Comment
highlight default link scnDoc SpecialComment
highlight default link scnTodo Todo

let b:current_syntax = "scn"

let &cpo = s:cpo
unlet s:cpo
