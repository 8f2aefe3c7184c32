// Package audit is the vocabulary of lambdagate and the engine that runs
// inspectors over an artifact. It states facts; whether a fact blocks a
// release is the business of package gate.
//
// The words are those of docs/design.md: a [Target] is one function about to
// be deployed, its [Artifact] is what was built, an [Inspector] examines it in
// one walk that reads every file once, and returns [Finding]s together with an
// [Outcome] that says whether it saw everything. "No findings" never means
// "did not look".
//
// This package imports the standard library only.
package audit
