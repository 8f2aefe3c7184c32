// Package image judges a container image as a thing that Lambda has to start
// and that others can pull: its base and operating system, the runtime inside,
// what it starts, and files that should not have been packed.
//
// Packages inside an image are the business of package packages, credentials in
// files, environment, labels and build steps that of package secret.
//
// Facts about Lambda follow its developer guide
// (https://docs.aws.amazon.com/lambda/latest/dg/images-create.html), facts
// about images the OCI image specification
// (https://github.com/opencontainers/image-spec).
package image
