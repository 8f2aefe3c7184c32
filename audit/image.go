package audit

// ImageArtifact is an artifact that is a container image. Its Walk offers the
// files of every layer, hidden ones included; its FS is the final file system.
type ImageArtifact interface {
	Artifact
	Image() Image
}

// Image is what a container image says of itself (OCI image specification,
// https://github.com/opencontainers/image-spec).
type Image struct {
	// Reference is as the user gave it.
	Reference string
	// Digest is that of the image manifest, "sha256:…".
	Digest string
	// Tag is the reference's tag, empty if it is a digest or a file.
	Tag string
	// ByDigest is true for a reference that names a digest.
	ByDigest bool
	// Platforms are those of the index that the reference resolved to, such as
	// "linux/arm64", attestations included as "unknown/unknown"; empty for a
	// plain image. Lambda refuses an index.
	Platforms []string
	// Annotations are the manifest's.
	Annotations map[string]string
	Config      ImageConfig
	// Layers are lowest first.
	Layers []ImageLayer
	// History are the build steps, oldest first; the number of steps that are
	// not Empty may differ from that of the layers in a careless image.
	History []BuildStep
	// Size is the sum of the layers' uncompressed sizes in bytes, known after
	// the Walk.
	Size int64
}

// ImageConfig is the part of the configuration that decides what Lambda
// starts.
type ImageConfig struct {
	OS, Architecture, Variant string
	Entrypoint, Cmd           []string
	WorkingDir, User          string
	// Env holds NAME=VALUE pairs; a value may be a credential.
	Env []EnvVar
	// Labels may hold one too.
	Labels map[string]Secret
}

// EnvVar is a name and a value that can't be printed.
type EnvVar struct {
	Name  string
	Value Secret
}

// ImageLayer is one layer of an image.
type ImageLayer struct {
	// DiffID is the digest of the uncompressed layer, Digest that of the blob as
	// it is stored (the same if it is not compressed, or not known).
	DiffID, Digest string
	// Number counts from 1, lowest first.
	Number int
	// CreatedBy is the build step that made the layer, empty if not known.
	CreatedBy Secret
	Origin    Origin
}

// BuildStep is an entry of the image's history. Its text may hold a credential,
// such as a build argument.
type BuildStep struct {
	CreatedBy Secret
	Empty     bool // made no layer
}
