package registry

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/google/go-containerregistry/pkg/authn"
)

// Keychain finds credentials in Docker's configuration (or Podman's), credential
// helpers included; for a private registry of Amazon ECR that is not named
// there, it gets a token with the AWS credentials of the environment. Everybody
// else is asked anonymously, public.ecr.aws too, which serves the anonymous.
func Keychain() authn.Keychain { return keychain{authn.DefaultKeychain} }

type keychain struct{ docker authn.Keychain }

func (k keychain) Resolve(r authn.Resource) (authn.Authenticator, error) {
	return k.ResolveContext(context.Background(), r)
}

func (k keychain) ResolveContext(ctx context.Context, r authn.Resource) (authn.Authenticator, error) {
	auth, dockerErr := authn.Resolve(ctx, k.docker, r)
	region, isECR := ecrRegion(r.RegistryStr())
	if !isECR || (dockerErr == nil && auth != authn.Anonymous) {
		return auth, dockerErr
	}
	// Docker's configuration may name amazon-ecr-credential-helper, which is not
	// installed everywhere.
	auth, err := ecrToken(ctx, region)
	if err != nil {
		return nil, errors.Join(err, dockerErr)
	}
	return auth, nil
}

// ecrHost is the form of the names of private registries
// (https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html and,
// for dual-stack names, ecr-requests.html there).
var ecrHost = regexp.MustCompile(`^[0-9]{12}\.dkr(?:\.ecr|\.ecr-fips|-ecr|-ecr-fips)\.([a-z0-9-]+)\.(?:amazonaws\.com|amazonaws\.com\.cn|amazonaws\.eu|on\.aws|on\.amazonwebservices\.com\.cn)$`)

func ecrRegion(host string) (string, bool) {
	m := ecrHost.FindStringSubmatch(host)
	if m == nil {
		return "", false
	}
	return m[1], true
}

// ecrToken asks ECR itself. amazon-ecr-credential-helper's keychain would do
// so too, but without AWS credentials it returns Anonymous and no error
// (ecr-login/api and ecr-login/ecr.go, v0.12.0), and the user would learn only
// that the anonymous may not pull.
func ecrToken(ctx context.Context, region string) (authn.Authenticator, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(region))
	if err != nil {
		return nil, fmt.Errorf("the AWS configuration can't be read: %w", err)
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return nil, fmt.Errorf("ECR needs AWS credentials (AWS_PROFILE, AWS_ACCESS_KEY_ID, aws sso login), and there are none: %w", err)
	}
	answer, err := ecr.NewFromConfig(cfg).GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{})
	if err != nil {
		return nil, fmt.Errorf("ECR gives no token (ecr:GetAuthorizationToken): %w", err)
	}
	if len(answer.AuthorizationData) == 0 || answer.AuthorizationData[0].AuthorizationToken == nil {
		return nil, errors.New("ECR gives an empty token")
	}
	user, password, err := splitToken(*answer.AuthorizationData[0].AuthorizationToken)
	if err != nil {
		return nil, err
	}
	return authn.FromConfig(authn.AuthConfig{Username: user, Password: password}), nil
}

// splitToken takes apart the base64 of "user:password" that
// GetAuthorizationToken returns. No error repeats a part of it.
func splitToken(token string) (user, password string, err error) {
	decoded, err := base64.StdEncoding.DecodeString(token)
	if err != nil {
		return "", "", errors.New("ECR gives a token that is not base64")
	}
	user, password, found := strings.Cut(string(decoded), ":")
	if !found || user == "" || password == "" {
		return "", "", errors.New("ECR gives a token without user and password")
	}
	return user, password, nil
}
