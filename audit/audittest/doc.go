// Package audittest builds artifacts for tests and holds the contract tests
// that every artifact and every inspector must pass.
package audittest
