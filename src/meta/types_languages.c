/*
 * types_languages.c - the languages. To add a language, add a row here and a
 * template in templates/types.
 */
#include "meta/types_rules.h"

#include "meta/document.h"

#include "base/banned.h"

/* Options of all languages. */
#define COMMON                                                                    \
	[TYPES_ADD_DESCRIPTION_AS_COMMENTS] = "True", [TYPES_INCLUDE_TYPES] = "", \
	[TYPES_EXCLUDE_TYPES] = ""

#define WORDS(...)                \
	(const char *const[])     \
	{                         \
		__VA_ARGS__, NULL \
	}

#define BLOCK_COMMENT .open = "/* Options:", .line = "", .off = "//", .close = "*/"

static const struct types_rules csharp = {
	BLOCK_COMMENT,
	.members = SPELL_PASCAL,
	.kinds = { "string", "int", "decimal", "bool" },
	.nullable = { NULL, "int?", "decimal?", "bool?" },
	.list_open = "List<",
	.list_close = ">",
	.reserved = WORDS("abstract", "as", "base", "bool", "break", "byte", "case", "catch",
			  "char", "checked", "class", "const", "continue", "decimal", "default",
			  "delegate", "do", "double", "else", "enum", "event", "explicit", "extern",
			  "false", "finally", "fixed", "float", "for", "foreach", "goto", "if",
			  "implicit", "in", "int", "interface", "internal", "is", "lock", "long",
			  "namespace", "new", "null", "object", "operator", "out", "override",
			  "params", "private", "protected", "public", "readonly", "ref", "return",
			  "sbyte", "sealed", "short", "sizeof", "stackalloc", "static", "string",
			  "struct", "switch", "this", "throw", "true", "try", "typeof", "uint",
			  "ulong", "unchecked", "unsafe", "ushort", "using", "virtual", "void",
			  "volatile", "while"),
	.name_open = "@",
	.name_close = "",
	.defaults = { COMMON, [TYPES_GLOBAL_NAMESPACE] = "" },
};

static const struct types_rules vbnet = {
	.open = "' Options:",
	.line = "'",
	.off = "''",
	.close = "",
	.members = SPELL_PASCAL,
	.kinds = { "String", "Integer", "Decimal", "Boolean" },
	.nullable = { NULL, "Integer?", "Decimal?", "Boolean?" },
	.list_open = "List(Of ",
	.list_close = ")",
	.reserved = WORDS(
		"AddHandler", "AddressOf", "Alias", "And", "AndAlso", "As", "Boolean", "ByRef",
		"Byte", "ByVal", "Call", "Case", "Catch", "CBool", "CByte", "CChar", "CDate",
		"CDbl", "CDec", "Char", "CInt", "Class", "CLng", "CObj", "Const", "Continue",
		"CSByte", "CShort", "CSng", "CStr", "CType", "CUInt", "CULng", "CUShort", "Date",
		"Decimal", "Declare", "Default", "Delegate", "Dim", "DirectCast", "Do", "Double",
		"Each", "Else", "ElseIf", "End", "EndIf", "Enum", "Erase", "Error", "Event", "Exit",
		"False", "Finally", "For", "Friend", "Function", "Get", "GetType",
		"GetXMLNamespace", "Global", "GoSub", "GoTo", "Handles", "If", "Implements",
		"Imports", "In", "Inherits", "Integer", "Interface", "Is", "IsNot", "Let", "Lib",
		"Like", "Long", "Loop", "Me", "Mod", "Module", "MustInherit", "MustOverride",
		"MyBase", "MyClass", "NameOf", "Namespace", "Narrowing", "New", "Next", "Not",
		"Nothing", "NotInheritable", "NotOverridable", "Object", "Of", "On", "Operator",
		"Option", "Optional", "Or", "OrElse", "Out", "Overloads", "Overridable",
		"Overrides", "ParamArray", "Partial", "Private", "Property", "Protected", "Public",
		"RaiseEvent", "ReadOnly", "ReDim", "REM", "RemoveHandler", "Resume", "Return",
		"SByte", "Select", "Set", "Shadows", "Shared", "Short", "Single", "Static", "Step",
		"Stop", "String", "Structure", "Sub", "SyncLock", "Then", "Throw", "To", "True",
		"Try", "TryCast", "TypeOf", "UInteger", "ULong", "UShort", "Using", "Variant",
		"Wend", "When", "While", "Widening", "With", "WithEvents", "WriteOnly", "Xor"),
	.any_case = true,
	.name_open = "[",
	.name_close = "]",
	.escape = ESCAPE_DOUBLE,
	.defaults = { COMMON, [TYPES_GLOBAL_NAMESPACE] = "" },
};

static const struct types_rules fsharp = {
	.open = "(* Options:",
	.line = "",
	.off = "//",
	.close = "*)",
	.members = SPELL_PASCAL,
	.kinds = { "String", "int", "decimal", "bool" },
	.nullable = { NULL, "Nullable<int>", "Nullable<decimal>", "Nullable<bool>" },
	.zeros = { NULL, "0", "0M", "false", "null" },
	.list_open = "List<",
	.list_close = ">",
	.reserved = WORDS("abstract", "and", "as", "assert", "base", "begin", "class", "const",
			  "default", "delegate", "do", "done", "downcast", "downto", "elif", "else",
			  "end", "exception", "extern", "false", "finally", "fixed", "for", "fun",
			  "function", "global", "if", "in", "include", "inherit", "inline",
			  "interface", "internal", "lazy", "let", "match", "member", "module",
			  "mutable", "namespace", "new", "not", "null", "of", "open", "or",
			  "override", "private", "process", "public", "rec", "return", "select",
			  "sig", "static", "struct", "then", "to", "true", "try", "type", "upcast",
			  "use", "val", "void", "when", "while", "with", "yield"),
	.name_open = "``",
	.name_close = "``",
	.defaults = { COMMON, [TYPES_GLOBAL_NAMESPACE] = "" },
};

/* TypeScript has no reserved words for members: they can have any name. */
static const struct types_rules typescript = {
	BLOCK_COMMENT,
	.members = SPELL_CAMEL,
	.kinds = { "string", "number", "number", "boolean" },
	.list_open = "",
	.list_close = "[]",
	.defaults = { COMMON, [TYPES_GLOBAL_NAMESPACE] = "",
		      [TYPES_MAKE_PROPERTIES_OPTIONAL] = "False",
		      [TYPES_ADD_SERVICESTACK_TYPES] = "True" },
};

static const struct types_rules mjs = {
	BLOCK_COMMENT,
	.members = SPELL_CAMEL,
	.kinds = { "string", "number", "number", "boolean" },
	.list_open = "",
	.list_close = "[]",
	.defaults = { COMMON, [TYPES_ADD_SERVICESTACK_TYPES] = "True" },
};

static const struct types_rules dart = {
	BLOCK_COMMENT,
	.members = SPELL_CAMEL,
	.kinds = { "String", "int", "double", "bool" },
	.list_open = "List<",
	.list_close = ">",
	.reserved = WORDS("assert", "async", "await", "break", "case", "catch", "class", "const",
			  "context", "continue", "default", "do", "else", "enum", "extends",
			  "false", "final", "finally", "for", "hashCode", "if", "in", "is", "new",
			  "null", "rethrow", "return", "runtimeType", "super", "switch", "this",
			  "throw", "true", "try", "var", "void", "while", "with", "yield"),
	.name_open = "",
	.name_close = "_",
	.escape = ESCAPE_DOLLAR,
	.defaults = { COMMON },
};

static const struct types_rules java = {
	BLOCK_COMMENT,
	.members = SPELL_CAMEL,
	.kinds = { "String", "Integer", "BigDecimal", "Boolean" },
	.list_open = "ArrayList<",
	.list_close = ">",
	.reserved = WORDS("_", "abstract", "assert", "boolean", "break", "byte", "case", "catch",
			  "char", "class", "const", "continue", "default", "do", "double", "else",
			  "enum", "extends", "false", "final", "finally", "float", "for", "goto",
			  "if", "implements", "import", "instanceof", "int", "interface", "long",
			  "native", "new", "null", "package", "private", "protected", "public",
			  "return", "short", "static", "strictfp", "super", "switch",
			  "synchronized", "this", "throw", "throws", "transient", "true", "try",
			  "void", "volatile", "while"),
	.name_open = "",
	.name_close = "_",
	.defaults = { COMMON, [TYPES_PACKAGE] = "", [TYPES_GLOBAL_NAMESPACE] = "dtos" },
};

static const struct types_rules kotlin = {
	BLOCK_COMMENT,
	.members = SPELL_CAMEL,
	.kinds = { "String", "Int", "BigDecimal", "Boolean" },
	.list_open = "ArrayList<",
	.list_close = ">",
	.reserved = WORDS("as", "break", "class", "continue", "do", "else", "false", "for", "fun",
			  "if", "in", "interface", "is", "null", "object", "package", "return",
			  "super", "this", "throw", "true", "try", "typealias", "typeof", "val",
			  "var", "when", "while"),
	.name_open = "`",
	.name_close = "`",
	.escape = ESCAPE_DOLLAR,
	.defaults = { COMMON, [TYPES_PACKAGE] = "" },
};

static const struct types_rules python = {
	.open = "\"\"\" Options:",
	.line = "",
	.off = "#",
	.close = "\"\"\"",
	.members = SPELL_SNAKE,
	.kinds = { "str", "int", "decimal.Decimal", "bool" },
	.zeros = { NULL, "0", "decimal.Decimal(0)", "False", NULL },
	.list_open = "List[",
	.list_close = "]",
	.reserved = WORDS("False", "None", "True", "and", "as", "assert", "async", "await", "break",
			  "class", "continue", "def", "del", "elif", "else", "except", "finally",
			  "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
			  "not", "or", "pass", "raise", "return", "try", "while", "with", "yield"),
	.name_open = "",
	.name_close = "_",
	.defaults = { COMMON },
};

static const struct types_rules php = {
	BLOCK_COMMENT,
	.members = SPELL_CAMEL,
	.kinds = { "string", "int", "float", "bool" },
	.zeros = { "''", "0", "0.0", "false", NULL },
	.list_open = "array<",
	.list_close = ">",
	.reserved = WORDS("this"),
	.name_open = "",
	.name_close = "_",
	.defaults = { COMMON, [TYPES_GLOBAL_NAMESPACE] = "dtos",
		      [TYPES_MAKE_PROPERTIES_OPTIONAL] = "False" },
};

static const struct types_rules swift = {
	BLOCK_COMMENT,
	.members = SPELL_CAMEL,
	.kinds = { "String", "Int", "Decimal", "Bool" },
	.list_open = "[",
	.list_close = "]",
	.reserved = WORDS("Any", "Protocol", "Self", "Type", "as", "associatedtype", "await",
			  "break", "case", "catch", "class", "continue", "default", "defer",
			  "deinit", "do", "else", "enum", "extension", "fallthrough", "false",
			  "fileprivate", "for", "func", "guard", "if", "import", "in", "init",
			  "inout", "internal", "is", "let", "nil", "open", "operator",
			  "precedencegroup", "private", "protocol", "public", "repeat", "rethrows",
			  "return", "self", "static", "struct", "subscript", "super", "switch",
			  "throw", "throws", "true", "try", "typealias", "var", "where", "while"),
	.name_open = "`",
	.name_close = "`",
	.defaults = { COMMON },
};

/* Go's members begin with a capital letter, so no member is a reserved word. */
static const struct types_rules go = {
	BLOCK_COMMENT,
	.members = SPELL_PASCAL,
	.kinds = { "string", "int", "json.Number", "bool" },
	.list_open = "[]",
	.list_close = "",
	.defaults = { COMMON, [TYPES_PACKAGE] = "dtos" },
};

const struct types_language types_languages[] = {
	{ "csharp", "C#", DOCUMENT_TEXT, &csharp, NULL },
	{ "mjs", "JavaScript", "text/javascript; charset=utf-8", &mjs, "js" },
	{ "typescript", "TypeScript", DOCUMENT_TEXT, &typescript, NULL },
	{ "dart", "Dart", DOCUMENT_TEXT, &dart, NULL },
	{ "java", "Java", DOCUMENT_TEXT, &java, NULL },
	{ "kotlin", "Kotlin", DOCUMENT_TEXT, &kotlin, NULL },
	{ "python", "Python", DOCUMENT_TEXT, &python, NULL },
	{ "php", "PHP", DOCUMENT_TEXT, &php, NULL },
	{ "swift", "Swift", DOCUMENT_TEXT, &swift, "swift4" },
	{ "vbnet", "VB.NET", DOCUMENT_TEXT, &vbnet, NULL },
	{ "fsharp", "F#", DOCUMENT_TEXT, &fsharp, NULL },
	{ "go", "Go", DOCUMENT_TEXT, &go, NULL },
	{ "typescript.d", "TypeScript.d", DOCUMENT_TEXT, &typescript, NULL },
	{ 0 }
};
