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
syntax match scnFunction /\<\%({{vim function fault probe model}}\)\ze(/
syntax match scnFunction /\%(^\s*\|[{;]\s*\)\@<=\%(probe\s\+\)\@<=\%({{vim probe}}\)\>/
syntax match scnRelation /\%([[:alnum:]_)\]"] \)\@<=\%({{vim relation}}\)\>\%(\s*[:=?]\)\@!/
syntax match scnType /\%(\<any \|\<of \|: \|| \|\[\)\@<=\%({{vim shape}}\)\>\%(\s*:\)\@!/
syntax keyword scnConstant {{words constant}}

" Words inside expressions and phrases.
syntax match scnOperatorWord /[.]\@1<!\<\%({{vim expression}}\)\>\%(\s*?\=:\)\@!/
syntax match scnBoolean /[.]\@1<!\<\%(true\|false\)\>\%(\s*?\=:\)\@!/
syntax match scnNothing /[.]\@1<!\<\%(null\|absent\)\>\%(\s*?\=:\)\@!/
syntax match scnPhrase /\%([[:alnum:]_)\]}"%*]\s\+\|^\s*\)\@<=\<\%({{vim phrase part}}\)\>\%([(.[]\|\s*[:=?]\)\@!/

" What leads a line.
syntax match scnItem /^\s*\zs\<\%({{vim item}}\)\>\ze\s/
syntax match scnStatement /\%(^\s*\|[{};=]\s*\|\<\%(return\|defer\|parallel\|else\)\s\+\)\@<=\<\%({{vim leading}}\)\>\%([.([]\|\s*[:?=]\)\@!/
syntax match scnStatement /[.]\@1<!\<\%(let\|expect\|return\|else\)\>\%(\s*?\=:\)\@!/
syntax match scnVerb /\%(^\s*\|[{;=]\s*\|\<\%(return\|defer\|from\|on\|ready\|metrics\)\s\+\|\d%\s\+\)\@<=\<\%({{vim verb}}\)\>\ze\s\+[A-Za-z_/"]/

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
