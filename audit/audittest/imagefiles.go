package audittest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// OCIFolder writes an OCI image layout and returns the folder's path. Several
// images need names, or are one index: see [Layout].
func (b *BuiltImage) OCIFolder(t testing.TB) string {
	t.Helper()
	return Dir(t, Layout(t, "", b))
}

// OCIArchive writes the same as a tar archive "function.tar".
func (b *BuiltImage) OCIArchive(t testing.TB) string {
	t.Helper()
	return TarFile(t, Layout(t, "", b))
}

// DockerArchive writes an archive as docker save does since version 25: an OCI
// layout with a manifest.json.
func (b *BuiltImage) DockerArchive(t testing.TB, tags ...string) string {
	t.Helper()
	files := Layout(t, "", b)
	entry := dockerEntry{Config: blobPath(b.Manifest.Config.Digest), RepoTags: tags}
	for _, l := range b.Manifest.Layers {
		entry.Layers = append(entry.Layers, blobPath(l.Digest))
	}
	files["manifest.json"] = toJSON(t, []dockerEntry{entry})
	return TarFile(t, files)
}

// OldDockerArchive writes one as docker save did before and as Podman does: the
// configuration, the layers uncompressed, and no manifest of the image.
func (b *BuiltImage) OldDockerArchive(t testing.TB, tags ...string) string {
	t.Helper()
	return TarFile(t, OldDocker(t, map[*BuiltImage][]string{b: tags}))
}

// OldDocker gives path → content of an archive of several images with their
// tags.
func OldDocker(t testing.TB, images map[*BuiltImage][]string) map[string]string {
	t.Helper()
	files := map[string]string{}
	var entries []dockerEntry
	for b, tags := range images {
		entry := dockerEntry{Config: b.Manifest.Config.Digest.Hex + ".json", RepoTags: tags}
		files[entry.Config] = string(b.Blobs[b.Manifest.Config.Digest])
		for i, plain := range b.Plain {
			name := fmt.Sprintf("%.12s%d/layer.tar", b.Manifest.Config.Digest.Hex, i)
			files[name] = string(plain)
			entry.Layers = append(entry.Layers, name)
		}
		entries = append(entries, entry)
	}
	files["manifest.json"] = toJSON(t, entries)
	return files
}

type dockerEntry struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// Layout gives path → content of an OCI image layout. One image is listed in
// index.json itself; several are, if name is empty, and else are put into an
// index of that name.
func Layout(t testing.TB, name string, images ...*BuiltImage) map[string]string {
	t.Helper()
	files := map[string]string{"oci-layout": `{"imageLayoutVersion":"1.0.0"}`}
	index := v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex}
	for _, b := range images {
		d := b.Descriptor(t)
		files[blobPath(d.Digest)] = string(b.Raw)
		for digest, blob := range b.Blobs {
			files[blobPath(digest)] = string(blob)
		}
		index.Manifests = append(index.Manifests, d)
	}
	if name != "" {
		raw := toJSON(t, index)
		d := v1.Descriptor{MediaType: types.OCIImageIndex, Digest: hashBytes(t, []byte(raw)), Size: int64(len(raw)),
			Annotations: map[string]string{"org.opencontainers.image.ref.name": name}}
		files[blobPath(d.Digest)] = raw
		index.Manifests = []v1.Descriptor{d}
	}
	files["index.json"] = toJSON(t, index)
	return files
}

// TarFile writes path → content to a file "function.tar" in a temporary folder.
func TarFile(t testing.TB, files map[string]string) string {
	t.Helper()
	var entries []TarEntry
	for _, name := range slices.Sorted(maps.Keys(files)) {
		entries = append(entries, FileEntry(name, files[name], 0o644))
	}
	return WriteFile(t, "function.tar", TarBytes(t, entries...))
}

func blobPath(h v1.Hash) string { return "blobs/" + h.Algorithm + "/" + h.Hex }

func toJSON(t testing.TB, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// LambdaBase gives the steps and the configuration that every AWS Lambda base
// image has in common, with a file for its runtime: "python3.13", say. Add
// steps to it to make a function.
func LambdaBase(runtime string) Image {
	return Image{
		Steps: []Step{
			{CreatedBy: "ADD file:0123 in /", Files: map[string]string{
				"etc/os-release": "NAME=\"Amazon Linux\"\nVERSION=\"2023\"\nID=\"amzn\"\nID_LIKE=\"fedora\"\nVERSION_ID=\"2023\"\nPRETTY_NAME=\"Amazon Linux 2023\"\n",
			}},
			{CreatedBy: "ADD file:4567 in /", Entries: []TarEntry{
				FileEntry("lambda-entrypoint.sh", "#!/bin/sh\nexec /var/runtime/bootstrap \"$@\"\n", 0o755),
				FileEntry("var/runtime/bootstrap", "#!/bin/bash\n", 0o755),
				FileEntry("var/lang/bin/"+runtime, "\x7fELF", 0o755),
				FileEntry("usr/local/bin/aws-lambda-rie", "\x7fELF", 0o755),
			}, Files: map[string]string{"var/task/": "", "opt/": ""}},
			{CreatedBy: "ENV LANG=en_US.UTF-8"}, {CreatedBy: "ENV TZ=:/etc/localtime"},
			{CreatedBy: "ENV PATH=/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin"},
			{CreatedBy: "ENV LD_LIBRARY_PATH=/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"},
			{CreatedBy: "ENV LAMBDA_TASK_ROOT=/var/task"}, {CreatedBy: "ENV LAMBDA_RUNTIME_DIR=/var/runtime"},
			{CreatedBy: "WORKDIR /var/task"}, {CreatedBy: `ENTRYPOINT ["/lambda-entrypoint.sh"]`},
		},
		Config: v1.Config{
			Env: []string{
				"LANG=en_US.UTF-8", "TZ=:/etc/localtime", "PATH=/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
				"LD_LIBRARY_PATH=/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib",
				"LAMBDA_TASK_ROOT=/var/task", "LAMBDA_RUNTIME_DIR=/var/runtime",
			},
			WorkingDir: "/var/task", Entrypoint: []string{"/lambda-entrypoint.sh"},
		},
	}
}
