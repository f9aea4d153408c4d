// What the characters alone do not say about scn: which line ends end something, whether a bracket
// touches its operand, whether a word leads a statement, what a number is, where raw text ends.
// The rules are those of the layout and the lexer of `scn`; a test holds both together.

#include "keywords.h"
#include "tree_sitter/alloc.h"
#include "tree_sitter/parser.h"

#include <string.h>

// In the order of `externals` in `grammar.js`.
enum Token {
  NEWLINE,
  CONTINUATION,
  SOFT_NEWLINE,
  ELSE_GAP,
  LEADS_STATEMENT,
  LEADS_VALUE,
  ANY_PREFIX,
  ANY_ALONE,
  NOT_INFIX,
  KEY,
  PAREN_OPEN,
  CALL_OPEN,
  PAREN_CLOSE,
  LIST_OPEN,
  INDEX_OPEN,
  BRACKET_CLOSE,
  BRACE_OPEN,
  BRACE_CLOSE,
  INTERPOLATION_OPEN,
  SUBTRACT,
  NEGATE,
  DIVIDE,
  FIELD_DOT,
  IT_DOT,
  NUMBER,
  DURATION,
  SIZE,
  PERCENT,
  RATE,
  SHARE,
  PATH_START,
  PATH_FIRST,
  PATH_TEXT,
  URL_START,
  STRING_TEXT,
  TRIPLE_TEXT,
  RAW_LINE,
  RAW_BLOCK,
  REGEX_TEXT,
  AFTER_PLACE,
  RECOVERING,
};

// The open brackets: `(`, `[`, `{`, and `s` or `m` for the `${` of a text of one or of many lines.
enum { MAX_DEPTH = 200 };

typedef struct {
  uint8_t depth;
  char open[MAX_DEPTH];
} Scanner;

// Longer words and numbers than this are none that the scanner must know.
enum { MAX_WORD = 64 };

void *tree_sitter_scn_external_scanner_create(void) { return ts_calloc(1, sizeof(Scanner)); }

void tree_sitter_scn_external_scanner_destroy(void *payload) { ts_free(payload); }

unsigned tree_sitter_scn_external_scanner_serialize(void *payload, char *buffer) {
  Scanner *scanner = payload;
  memcpy(buffer, scanner->open, scanner->depth);
  return scanner->depth;
}

void tree_sitter_scn_external_scanner_deserialize(void *payload, const char *buffer, unsigned length) {
  Scanner *scanner = payload;
  scanner->depth = length > MAX_DEPTH ? MAX_DEPTH : (uint8_t)length;
  if (scanner->depth > 0) memcpy(scanner->open, buffer, scanner->depth);
}

// ---- characters ----------------------------------------------------------------------------

static bool is_digit(int32_t c) { return c >= '0' && c <= '9'; }
static bool is_letter(int32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static bool is_alphanumeric(int32_t c) { return is_digit(c) || is_letter(c); }
static bool is_word_start(int32_t c) { return is_letter(c) || c == '_'; }
static bool is_word(int32_t c) { return is_alphanumeric(c) || c == '_'; }
static bool is_blank(int32_t c) { return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == '\r'; }

static bool at_end(TSLexer *lexer) { return lexer->lookahead == 0 && lexer->eof(lexer); }
static void advance(TSLexer *lexer) { lexer->advance(lexer, false); }
static void mark(TSLexer *lexer) { lexer->mark_end(lexer); }

static bool found(TSLexer *lexer, enum Token token) {
  lexer->result_symbol = (TSSymbol)token;
  return true;
}

static bool is_one_of(const char *word, const char *const *words, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(word, words[i]) == 0) return true;
  }
  return false;
}

#define IS_ONE_OF(word, words) is_one_of(word, words, sizeof(words) / sizeof(*(words)))

static void skip_blanks(TSLexer *lexer) {
  while (is_blank(lexer->lookahead)) advance(lexer);
}

// Reads a word; a hyphen belongs to it when a word character follows. What is too long is cut, and
// equals no known word.
static void read_word(TSLexer *lexer, char *word) {
  size_t length = 0;
  while (is_word(lexer->lookahead) || lexer->lookahead == '-') {
    char c = (char)lexer->lookahead;
    if (c == '-') {
      advance(lexer);
      if (!is_word(lexer->lookahead)) break;
    } else {
      advance(lexer);
    }
    if (length < MAX_WORD - 1) word[length++] = c;
  }
  word[length] = 0;
}

// ---- brackets ------------------------------------------------------------------------------

static char innermost(const Scanner *scanner) {
  return scanner->depth > 0 ? scanner->open[scanner->depth - 1] : 0;
}

static bool is_inside(const Scanner *scanner, char kind) {
  return memchr(scanner->open, kind, scanner->depth) != NULL;
}

// Whether a line end ends nothing here, whatever stands around it.
static bool newline_is_space(const Scanner *scanner) {
  return innermost(scanner) == '(' || innermost(scanner) == '[' || is_inside(scanner, 'm');
}

static void skip_space(const Scanner *scanner, TSLexer *lexer) {
  bool newlines = newline_is_space(scanner);
  while (is_blank(lexer->lookahead) || (newlines && lexer->lookahead == '\n')) advance(lexer);
}

static bool open(Scanner *scanner, TSLexer *lexer, char kind, enum Token token) {
  if (scanner->depth == MAX_DEPTH) return false;
  scanner->open[scanner->depth++] = kind;
  advance(lexer);
  mark(lexer);
  return found(lexer, token);
}

static bool scan_open(Scanner *scanner, TSLexer *lexer, const bool *valid, bool touches) {
  switch (lexer->lookahead) {
    case '(':
      if (touches && valid[CALL_OPEN]) return open(scanner, lexer, '(', CALL_OPEN);
      return valid[PAREN_OPEN] && open(scanner, lexer, '(', PAREN_OPEN);
    case '[':
      if (touches && valid[INDEX_OPEN]) return open(scanner, lexer, '[', INDEX_OPEN);
      return valid[LIST_OPEN] && open(scanner, lexer, '[', LIST_OPEN);
    default:
      return valid[BRACE_OPEN] && open(scanner, lexer, '{', BRACE_OPEN);
  }
}

static bool scan_close(Scanner *scanner, TSLexer *lexer, const bool *valid) {
  char top = innermost(scanner);
  enum Token token;
  switch (lexer->lookahead) {
    case ')':
      if (top != '(') return false;
      token = PAREN_CLOSE;
      break;
    case ']':
      if (top != '[') return false;
      token = BRACKET_CLOSE;
      break;
    default:
      // While recovering, a brace closes what was left open inside it.
      if (valid[RECOVERING]) {
        while (scanner->depth > 1 && (innermost(scanner) == '(' || innermost(scanner) == '[')) scanner->depth--;
        top = innermost(scanner);
      }
      if (top != '{' && top != 's' && top != 'm') return false;
      token = BRACE_CLOSE;
  }
  if (!valid[token]) return false;
  scanner->depth--;
  advance(lexer);
  mark(lexer);
  return found(lexer, token);
}

// ---- line ends -----------------------------------------------------------------------------

// A line that begins with one of these continues the one before.
static const char *const CONTINUES[] = {"and", "or", "with", "because", "within", "throughout"};

static bool scan_newline(Scanner *scanner, TSLexer *lexer, const bool *valid) {
  if (is_inside(scanner, 's')) return false;
  while (lexer->lookahead == '\n' || is_blank(lexer->lookahead)) {
    bool ends = lexer->lookahead == '\n';
    advance(lexer);
    if (ends) mark(lexer);
  }
  // A token that fits would be taken, and the mistake before it forgotten.
  if (valid[RECOVERING]) return found(lexer, NEWLINE);
  if (newline_is_space(scanner)) return found(lexer, SOFT_NEWLINE);
  bool continues = false;
  if (lexer->lookahead == '/') {
    advance(lexer);
    // The line end after the comment decides.
    continues = lexer->lookahead == '/';
  } else if (lexer->lookahead == '|') {
    advance(lexer);
    continues = lexer->lookahead != '|';
  } else if (is_word_start(lexer->lookahead)) {
    char word[MAX_WORD];
    read_word(lexer, word);
    if (strcmp(word, "else") == 0 && valid[ELSE_GAP]) return found(lexer, ELSE_GAP);
    if (IS_ONE_OF(word, CONTINUES)) {
      // `with: …` is a field of an object.
      while (lexer->lookahead == ' ' || lexer->lookahead == '\t') advance(lexer);
      continues = lexer->lookahead != ':' && lexer->lookahead != '?';
    }
  }
  if (continues) return found(lexer, SOFT_NEWLINE);
  if (valid[NEWLINE]) return found(lexer, NEWLINE);
  return valid[CONTINUATION] && found(lexer, CONTINUATION);
}

// ---- words ---------------------------------------------------------------------------------

static const char *const ENDS_ANY[] = {"within", "with", "because", "throughout", "by",   "per",
                                       "on",     "except", "and",   "or",         "after"};
static const char *const COMPARES[] = {"in", "contains", "matches"};
static const char *const VALUES[] = {"next", "if", "parallel", "for", "eventually"};

// Whether nothing is drawn by the `any` that was just read.
static bool any_ends(Scanner *scanner, TSLexer *lexer) {
  skip_space(scanner, lexer);
  if (at_end(lexer)) return true;
  if (is_word_start(lexer->lookahead)) {
    char word[MAX_WORD];
    read_word(lexer, word);
    return IS_ONE_OF(word, ENDS_ANY);
  }
  if (lexer->lookahead == '/') {
    advance(lexer);
    return lexer->lookahead == '/';
  }
  return strchr("\n}])],;", (char)lexer->lookahead) != NULL && lexer->lookahead < 0x80;
}

static bool leads(TSLexer *lexer, const char *word) {
  if (!IS_ONE_OF(word, LEADING)) return false;
  if (lexer->lookahead == '.' || lexer->lookahead == '(' || lexer->lookahead == '[') return false;
  if (strcmp(word, "stop") == 0 || strcmp(word, "rejected") == 0) {
    char next[MAX_WORD];
    skip_blanks(lexer);
    read_word(lexer, next);
    return strcmp(next, "when") == 0;
  }
  return true;
}

static bool ends_path(TSLexer *lexer) {
  int32_t c = lexer->lookahead;
  return at_end(lexer) || is_blank(c) || c == '\n' || c == ';' || c == ',' || c == ')' || c == ']' || c == '}';
}

// Reads the text of a path up to its end or `${`. A `{id}` in it is refused.
static bool scan_path_text(TSLexer *lexer, enum Token token, bool may_be_empty) {
  bool empty = true;
  while (!ends_path(lexer)) {
    if (lexer->lookahead == '{') {
      mark(lexer);
      while (!at_end(lexer) && lexer->lookahead != '}' && lexer->lookahead != ' ' && lexer->lookahead != '\n') {
        advance(lexer);
      }
      if (lexer->lookahead == '}') return false;
      return (may_be_empty || !empty) && found(lexer, token);
    }
    if (lexer->lookahead == '$') {
      mark(lexer);
      advance(lexer);
      if (lexer->lookahead == '{') return (may_be_empty || !empty) && found(lexer, token);
    } else {
      advance(lexer);
    }
    empty = false;
    mark(lexer);
  }
  return (may_be_empty || !empty) && found(lexer, token);
}

// What comes here is in no rule.
static bool refuse(TSLexer *lexer) {
  mark(lexer);
  return found(lexer, RECOVERING);
}

// Whether the word before was meant as a verb. Words that lead a statement are none.
static bool begins_place(TSLexer *lexer) {
  skip_blanks(lexer);
  if (lexer->lookahead == '"') return true;
  if (!is_word_start(lexer->lookahead)) return false;
  char word[MAX_WORD];
  read_word(lexer, word);
  return !IS_ONE_OF(word, RESERVED) && strcmp(word, "but") != 0;
}

// The rest of a URL, of which the letters before `://` were read.
static bool scan_url(TSLexer *lexer, const char *scheme) {
  for (const char *rest = "://"; *rest; rest++) {
    if (lexer->lookahead != *rest) return false;
    advance(lexer);
  }
  for (const char *c = scheme; *c; c++) {
    if (!is_letter(*c)) return false;
  }
  mark(lexer);
  return scan_path_text(lexer, URL_START, true);
}

static bool scan_word(Scanner *scanner, TSLexer *lexer, const bool *valid) {
  bool wanted = valid[LEADS_STATEMENT] || valid[LEADS_VALUE] || valid[ANY_PREFIX] || valid[ANY_ALONE] ||
                valid[NOT_INFIX] || valid[KEY] || valid[URL_START];
  if (!wanted) return false;
  char word[MAX_WORD];
  mark(lexer);
  read_word(lexer, word);
  if (valid[LEADS_STATEMENT] && leads(lexer, word)) return found(lexer, LEADS_STATEMENT);
  if (valid[LEADS_VALUE] && leads(lexer, word)) {
    if (IS_ONE_OF(word, VALUES)) return found(lexer, LEADS_VALUE);
    if (begins_place(lexer)) return refuse(lexer);
    return false;
  }
  if (valid[URL_START] && lexer->lookahead == ':') return scan_url(lexer, word);
  skip_space(scanner, lexer);
  if (valid[KEY] && (lexer->lookahead == ':' || lexer->lookahead == '?')) return found(lexer, KEY);
  if ((valid[ANY_PREFIX] || valid[ANY_ALONE]) && strcmp(word, "any") == 0) {
    return found(lexer, any_ends(scanner, lexer) ? ANY_ALONE : ANY_PREFIX);
  }
  if (valid[NOT_INFIX] && strcmp(word, "not") == 0) {
    while (is_blank(lexer->lookahead) || lexer->lookahead == '\n') advance(lexer);
    char next[MAX_WORD];
    read_word(lexer, next);
    return IS_ONE_OF(next, COMPARES) && found(lexer, NOT_INFIX);
  }
  return false;
}

// ---- numbers -------------------------------------------------------------------------------

// Times from large to small.
static const char *const TIMES[] = {"d", "h", "m", "s", "ms", "us", "ns"};
static const char *const SIZES[] = {"B", "kB", "MB", "GB", "KiB", "MiB", "GiB"};

// How many characters of a plain number stand here: digits, `_` between digits, one point.
static size_t plain_number(const char *text) {
  size_t at = 0;
  bool point = false;
  if (!is_digit(text[0])) return 0;
  for (;;) {
    if (is_digit(text[at])) {
      at++;
    } else if (text[at] == '_' && is_digit(text[at + 1]) && is_digit(text[at - 1])) {
      at++;
    } else if (text[at] == '.' && !point && is_digit(text[at + 1]) && is_digit(text[at - 1])) {
      point = true;
      at++;
    } else {
      return at;
    }
  }
}

static bool is_plain(const char *text) {
  size_t at = plain_number(text);
  return at > 0 && text[at] == 0;
}

static bool is_duration(const char *text) {
  int last = -1;
  if (!*text) return false;
  while (*text) {
    size_t length = plain_number(text);
    if (length == 0) return false;
    text += length;
    size_t unit = 0;
    while (is_letter(text[unit])) unit++;
    int rank = -1;
    for (int i = 0; i < (int)(sizeof(TIMES) / sizeof(*TIMES)); i++) {
      if (strlen(TIMES[i]) == unit && strncmp(TIMES[i], text, unit) == 0) rank = i;
    }
    if (rank < 0 || rank <= last) return false;
    last = rank;
    text += unit;
  }
  return true;
}

static bool is_exponent(const char *text) {
  size_t at = plain_number(text);
  if (at == 0 || (text[at] != 'e' && text[at] != 'E')) return false;
  at++;
  if (text[at] == '+' || text[at] == '-') at++;
  if (!is_digit(text[at])) return false;
  while (is_digit(text[at])) at++;
  return text[at] == 0;
}

// What a number with all that touches it is; `RECOVERING` when it is none.
static enum Token number_kind(char *text) {
  size_t length = strlen(text);
  char *slash = strchr(text, '/');
  if (slash) {
    *slash = 0;
    const char *period = slash + 1;
    bool is_period = IS_ONE_OF(period, TIMES) || (is_digit(*period) && is_duration(period));
    return is_plain(text) && is_period ? RATE : RECOVERING;
  }
  if (text[length - 1] == '%') {
    text[length - 1] = 0;
    return is_plain(text) ? PERCENT : RECOVERING;
  }
  if (is_plain(text) || is_exponent(text)) return NUMBER;
  size_t unit = plain_number(text);
  if (unit > 0 && IS_ONE_OF(text + unit, SIZES)) return SIZE;
  return is_duration(text) ? DURATION : RECOVERING;
}

static bool scan_number(TSLexer *lexer, const bool *valid) {
  char text[MAX_WORD * 4];
  size_t length = 0;
  while (length < sizeof(text) - 4) {
    int32_t c = lexer->lookahead;
    bool joins = is_word(c);
    if (!joins && (c == '.' || c == '-' || c == '+')) {
      bool exponent = length > 1 && (text[length - 1] == 'e' || text[length - 1] == 'E');
      if (c == '+' && !exponent) break;
      mark(lexer);
      advance(lexer);
      bool follows = c == '-' ? is_alphanumeric(lexer->lookahead) : is_digit(lexer->lookahead);
      if (!follows) {
        text[length] = 0;
        goto judge;
      }
      text[length++] = (char)c;
      continue;
    }
    if (!joins) break;
    text[length++] = (char)c;
    advance(lexer);
  }
  mark(lexer);
  if (lexer->lookahead == '%') {
    text[length++] = '%';
    advance(lexer);
    mark(lexer);
  } else if (lexer->lookahead == '/') {
    advance(lexer);
    if (is_alphanumeric(lexer->lookahead)) {
      text[length++] = '/';
      while (is_alphanumeric(lexer->lookahead) && length < sizeof(text) - 1) {
        text[length++] = (char)lexer->lookahead;
        advance(lexer);
      }
      mark(lexer);
    }
  }
  text[length] = 0;
judge:;
  // A share has a space after it.
  bool is_share = valid[SHARE] && length > 0 && text[length - 1] == '%' && is_blank(lexer->lookahead);
  enum Token kind = number_kind(text);
  if (kind == RECOVERING) return false;
  if (kind == PERCENT && is_share) return found(lexer, SHARE);
  return valid[kind] && found(lexer, kind);
}

// ---- raw text ------------------------------------------------------------------------------

// Up to `"""` or, when it is a template, to a `\` or `${`.
static bool scan_block(TSLexer *lexer, bool template, enum Token token) {
  bool empty = true;
  while (!at_end(lexer)) {
    int32_t c = lexer->lookahead;
    mark(lexer);
    if (template && c == '\\') break;
    advance(lexer);
    if (template && c == '$' && lexer->lookahead == '{') break;
    if (c == '"' && lexer->lookahead == '"') {
      advance(lexer);
      if (lexer->lookahead == '"') break;
      empty = false;
      mark(lexer);
      continue;
    }
    empty = false;
    mark(lexer);
  }
  return !empty && found(lexer, token);
}

// Up to the closing quote, the line's end or, in a template, a `\` or `${`.
static bool scan_line(TSLexer *lexer, bool template, enum Token token) {
  bool empty = true;
  while (!at_end(lexer) && lexer->lookahead != '"' && lexer->lookahead != '\n') {
    int32_t c = lexer->lookahead;
    mark(lexer);
    if (template && c == '\\') break;
    advance(lexer);
    if (template && c == '$' && lexer->lookahead == '{') break;
    if (token == REGEX_TEXT && c == '\\') {
      if (at_end(lexer) || lexer->lookahead == '\n') return false;
      advance(lexer);
    }
    empty = false;
    mark(lexer);
  }
  return !empty && found(lexer, token);
}

// Whether `${` stands here, which is then read.
static bool scan_interpolation(Scanner *scanner, TSLexer *lexer, char kind) {
  advance(lexer);
  if (lexer->lookahead != '{') return false;
  return open(scanner, lexer, kind, INTERPOLATION_OPEN);
}

static bool scan_text(Scanner *scanner, TSLexer *lexer, const bool *valid, bool *decided) {
  *decided = true;
  if (valid[RAW_BLOCK]) return scan_block(lexer, false, RAW_BLOCK);
  if (valid[RAW_LINE]) return scan_line(lexer, false, RAW_LINE);
  if (valid[REGEX_TEXT]) return scan_line(lexer, false, REGEX_TEXT);
  if (valid[STRING_TEXT] || valid[TRIPLE_TEXT]) {
    bool block = valid[TRIPLE_TEXT];
    if (lexer->lookahead == '$') {
      mark(lexer);
      advance(lexer);
      if (lexer->lookahead == '{') return open(scanner, lexer, block ? 'm' : 's', INTERPOLATION_OPEN);
      mark(lexer);
      // The `$` stands for itself, alone if need be.
      if (block) {
        scan_block(lexer, true, TRIPLE_TEXT);
      } else {
        scan_line(lexer, true, STRING_TEXT);
      }
      return found(lexer, block ? TRIPLE_TEXT : STRING_TEXT);
    }
    return block ? scan_block(lexer, true, TRIPLE_TEXT) : scan_line(lexer, true, STRING_TEXT);
  }
  // What begins a line is no part of a path above it.
  if (valid[PATH_TEXT] && !ends_path(lexer) && lexer->get_column(lexer) > 0) {
    if (lexer->lookahead == '$') {
      mark(lexer);
      advance(lexer);
      if (lexer->lookahead == '{') return open(scanner, lexer, 's', INTERPOLATION_OPEN);
      mark(lexer);
      return scan_path_text(lexer, PATH_TEXT, true);
    }
    if (lexer->lookahead != '{') return scan_path_text(lexer, PATH_TEXT, false);
    // `/v1/{id}` is refused; `/v1{ a: 1 }` is a path and an object.
    mark(lexer);
    while (!at_end(lexer) && lexer->lookahead != '}' && lexer->lookahead != ' ' && lexer->lookahead != '\n') {
      if (lexer->lookahead == '{' && valid[BRACE_OPEN]) {
        advance(lexer);
        mark(lexer);
        continue;
      }
      advance(lexer);
    }
    if (lexer->lookahead == '}' || !valid[BRACE_OPEN] || scanner->depth == MAX_DEPTH) return false;
    scanner->open[scanner->depth++] = '{';
    return found(lexer, BRACE_OPEN);
  }
  *decided = false;
  return false;
}

// ---- all of it -----------------------------------------------------------------------------

static bool scan_slash(TSLexer *lexer, const bool *valid, bool spaced) {
  advance(lexer);
  if (lexer->lookahead == '/') return false;
  mark(lexer);
  bool alone = ends_path(lexer) || lexer->lookahead == '{';
  if (valid[PATH_START]) return scan_path_text(lexer, PATH_START, true);
  if (valid[PATH_FIRST] && spaced && !alone) return scan_path_text(lexer, PATH_FIRST, true);
  return valid[DIVIDE] && spaced && (is_blank(lexer->lookahead) || lexer->lookahead == '\n') && found(lexer, DIVIDE);
}

static bool scan_minus(TSLexer *lexer, const bool *valid, bool spaced) {
  advance(lexer);
  if (lexer->lookahead == '>') return false;
  mark(lexer);
  bool space_follows = is_blank(lexer->lookahead) || lexer->lookahead == '\n';
  if (space_follows && valid[SUBTRACT]) return spaced && found(lexer, SUBTRACT);
  return valid[NEGATE] && found(lexer, NEGATE);
}

static bool scan_dot(TSLexer *lexer, const bool *valid, bool touches) {
  // A line that begins with a point continues none.
  if (valid[LEADS_STATEMENT]) return false;
  advance(lexer);
  if (!is_word_start(lexer->lookahead)) return false;
  mark(lexer);
  if (touches && valid[FIELD_DOT]) return found(lexer, FIELD_DOT);
  return valid[IT_DOT] && found(lexer, IT_DOT);
}

bool tree_sitter_scn_external_scanner_scan(void *payload, TSLexer *lexer, const bool *valid) {
  Scanner *scanner = payload;
  bool recovering = valid[RECOVERING];
  if (!recovering) {
    bool decided = false;
    bool is_found = scan_text(scanner, lexer, valid, &decided);
    if (decided) return is_found;
  }
  bool touches = true;
  while (is_blank(lexer->lookahead)) {
    bool carriage = lexer->lookahead == '\r';
    lexer->advance(lexer, true);
    if (carriage && lexer->lookahead != '\n') return false;
    touches = false;
  }
  if (lexer->lookahead == '\n') return scan_newline(scanner, lexer, valid);
  if (at_end(lexer)) return false;
  if (touches && lexer->get_column(lexer) == 0) touches = false;
  switch (lexer->lookahead) {
    case '(':
    case '[':
    case '{':
      return scan_open(scanner, lexer, valid, touches);
    case ')':
    case ']':
    case '}':
      return scan_close(scanner, lexer, valid);
    case '/':
      return !recovering && scan_slash(lexer, valid, !touches);
    case '-':
      return scan_minus(lexer, valid, !touches);
    case '.':
      return scan_dot(lexer, valid, touches);
  }
  if (valid[AFTER_PLACE] && !recovering && strchr("=!<>", (char)lexer->lookahead) && lexer->lookahead < 0x80) {
    advance(lexer);
    return refuse(lexer);
  }
  if (is_digit(lexer->lookahead)) return scan_number(lexer, valid);
  if (is_word_start(lexer->lookahead)) return !recovering && scan_word(scanner, lexer, valid);
  return false;
}
