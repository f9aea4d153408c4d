" Holds the syntax to what is written in the files of this folder, and over all scenarios. Run by
" tests/editor; says in the file $REPORT what is wrong.
"
" `// <- group` speaks of the place under its first `/` in the line above that says no such thing,
" `//    ^ group` of the place above the `^`. `none` is no group.

set nomore
filetype plugin on
syntax on

let s:wrong = []
let s:count = 0

function! s:group(line, column)
  let l:name = synIDattr(synID(a:line, a:column, 1), 'name')
  return l:name ==# '' ? 'none' : l:name
endfunction

function! s:check(path)
  execute 'edit' fnameescape(a:path)
  if &filetype !=# 'scn'
    call add(s:wrong, a:path . ' is taken for `' . &filetype . '`')
    return
  endif
  let l:above = 0
  for l:number in range(1, line('$'))
    let l:match = matchlist(getline(l:number), '^\(\s*//\)\s*\(<-\|\^\) \(\a\+\)$')
    if empty(l:match)
      let l:above = l:number
      continue
    endif
    let s:count += 1
    let l:column = (l:match[2] ==# '<-' ? match(l:match[1], '/') : stridx(getline(l:number), '^')) + 1
    let l:got = s:group(l:above, l:column)
    if l:got !=# l:match[3]
      call add(s:wrong, a:path . ':' . l:above . ':' . l:column . ' is ' . l:got . ', not ' . l:match[3])
    endif
  endfor
endfunction

" Nothing that begins in a file is still open on a line that begins an item.
function! s:check_open(path)
  execute 'edit' fnameescape(a:path)
  for l:number in range(1, line('$'))
    if getline(l:number) =~# '^scenario "' && s:group(l:number, 1) !=# 'scnItem'
      call add(s:wrong, a:path . ':' . l:number . ' is ' . s:group(l:number, 1) . ', not scnItem')
    endif
  endfor
endfunction

let s:here = expand('<sfile>:p:h')
for s:path in glob(s:here . '/*.scn', 0, 1)
  call s:check(s:path)
endfor
if s:count < 30
  call add(s:wrong, 'only ' . s:count . ' places are asserted')
endif
let s:scenarios = glob(s:here . '/../../../scenarios/**/*.scn', 0, 1)
if len(s:scenarios) < 10
  call add(s:wrong, 'only ' . len(s:scenarios) . ' scenarios were found')
endif
for s:path in s:scenarios
  call s:check_open(s:path)
endfor
call writefile(s:wrong + ['checked ' . s:count . ' places and ' . len(s:scenarios) . ' files'], $REPORT)
execute empty(s:wrong) ? 'qall!' : 'cquit!'
