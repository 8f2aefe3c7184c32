package image

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/lambdagate/lambdagate/audit"
)

// runtimeAPI is the environment variable in which a program finds Lambda's
// runtime API
// (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html). Whatever
// speaks to the API holds this name.
const runtimeAPI = "AWS_LAMBDA_RUNTIME_API"

// mostScanned is how many bytes of the program are searched for it.
const mostScanned = 512 << 20

// runtimeClient reports an image on another base than AWS's own that has
// nothing that could fetch an event.
func (c *judging) runtimeClient(ctx context.Context, inventory audit.Inventory) {
	if c.aws || slices.ContainsFunc(inventory.Packages, isRuntimeClient) {
		return
	}
	// A runtime of one's own, and the web adapter of AWS, which is a client in
	// the form of an extension.
	for _, file := range []string{runtimeDir + "/bootstrap", "opt/bootstrap", "opt/extensions/lambda-adapter"} {
		if c.exists(file) {
			return
		}
	}
	confidence := audit.ConfidenceMedium
	if len(inventory.Problems) > 0 {
		confidence = audit.ConfidenceLow
	}
	if !interpreted(c.start.argv()) {
		if c.start.program == "" {
			confidence = audit.ConfidenceLow
		} else if speaks, err := c.speaks(ctx, c.start.program); speaks {
			return
		} else if err != nil || !c.compiled(c.start.program) {
			// A script may start anything.
			confidence = audit.ConfidenceLow
		}
	}
	c.add(ruleNoRuntimeClient, audit.Finding{
		Confidence: confidence,
		Message:    "the base is not one of AWS's for Lambda, and no runtime interface client was found, so nothing would fetch the events",
		Subject:    "runtime interface client",
		Remedy: "install the client of the language and start it in ENTRYPOINT (pip install awslambdaric, npm install aws-lambda-ric, " +
			"aws-lambda-go), or build on public.ecr.aws/lambda",
	})
}

// isRuntimeClient knows the clients that AWS publishes
// (https://docs.aws.amazon.com/lambda/latest/dg/images-create.html).
func isRuntimeClient(p audit.Package) bool {
	switch strings.ToLower(p.Name) {
	case "awslambdaric", "aws-lambda-ric", "aws_lambda_ric", "amazon.lambda.runtimesupport", "lambda_runtime",
		"com.amazonaws:aws-lambda-java-runtime-interface-client", "aws-lambda-java-runtime-interface-client":
		return true
	}
	return p.Name == "github.com/aws/aws-lambda-go" || strings.HasPrefix(p.Name, "github.com/aws/aws-lambda-go/")
}

// compiled says whether a file is an ELF program.
func (c *judging) compiled(name string) bool {
	f, err := c.fsys.Open(rooted(name))
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	magic := make([]byte, 4)
	_, err = io.ReadFull(f, magic)
	return err == nil && string(magic) == "\x7fELF"
}

// speaks says whether a program holds the name of the runtime API. An error
// means that it was not read to its end.
func (c *judging) speaks(ctx context.Context, name string) (bool, error) {
	f, err := c.fsys.Open(rooted(name))
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }()
	return search(ctx, f, len(runtimeAPI), mostScanned, func(data []byte) bool { return bytes.Contains(data, []byte(runtimeAPI)) })
}

var errTooLong = errors.New("is too long to be searched")

// search offers a stream to found in pieces, until it says yes or a limit in
// bytes is reached. Pieces overlap, so that something of at most longest bytes
// is whole in one of them.
func search(ctx context.Context, r io.Reader, longest int, limit int64, found func([]byte) bool) (bool, error) {
	const chunk = 256 << 10
	buffer := make([]byte, chunk+longest-1)
	kept := 0
	for read := int64(0); read < limit; {
		n, err := io.ReadFull(r, buffer[kept:])
		read += int64(n)
		filled := kept + n
		if found(buffer[:filled]) {
			return true, nil
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if err := ctx.Err(); err != nil {
			return false, err
		}
		kept = copy(buffer, buffer[filled-longest+1:filled])
	}
	return false, errTooLong
}
