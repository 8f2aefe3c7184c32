// Package secret finds hardcoded credentials in the files of an artifact.
//
// A file is read once. One case-folded automaton looks for the keywords of
// every detector; each keyword found gives its detectors a bounded window of
// bytes around it, and they decide by structure: alphabet, length, checksum,
// neighbouring bytes. So the time is linear in the size of the file whatever it
// holds. A file that is not held in memory is read in chunks that overlap by one
// window, and gives the same matches.
//
// Detectors of vendors' tokens work alike in text and in binaries. The generic
// detector, which knows nothing of the value but the name it is assigned to,
// works on text only, and asks for more evidence in code of third parties.
//
// Of a container image the configuration is examined as well: environment,
// labels, annotations, command and build steps, where it is known which name a
// value belongs to.
//
// No path is skipped. A value leaves this package only as a keyed hash and as
// the length and literal prefix that [audit.Secret.Evidence] shows.
package secret
