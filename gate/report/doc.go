// Package report is what a check says to the outside: the [Report], which is
// the JSON contract described in docs/report.md, and its formatters, a file a
// format. A report is made once with [New] from a result and a verdict, or read
// back with [ReadJSON], and then rendered by [Write]. Formatters decide
// nothing: what blocks was settled by package gate before they see it.
//
// Paths, names, messages and reasons come out of artifacts and are hostile.
// Each format escapes them for the place where it is shown.
package report
