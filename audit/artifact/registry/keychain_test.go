package registry_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/lambdagate/lambdagate/audit/artifact/registry"
)

const ecrRegistry = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"

// awsEnv leaves no way to credentials but the ones given.
func awsEnv(t *testing.T, endpoint, id, secret string) {
	t.Helper()
	home := t.TempDir()
	for k, v := range map[string]string{
		"HOME": home, "DOCKER_CONFIG": "", "XDG_RUNTIME_DIR": "", "XDG_CONFIG_HOME": "", "REGISTRY_AUTH_FILE": "",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_PROFILE": "", "AWS_CONFIG_FILE": filepath.Join(home, "config"),
		"AWS_SHARED_CREDENTIALS_FILE": filepath.Join(home, "credentials"), "AWS_ACCESS_KEY_ID": id, "AWS_SECRET_ACCESS_KEY": secret,
		"AWS_SESSION_TOKEN": "", "AWS_WEB_IDENTITY_TOKEN_FILE": "", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI": "", "AWS_ENDPOINT_URL_ECR": endpoint, "AWS_MAX_ATTEMPTS": "1",
	} {
		t.Setenv(k, v)
	}
}

func credentials(t *testing.T, host string) (*authn.AuthConfig, error) {
	t.Helper()
	reg, err := name.NewRegistry(host)
	if err != nil {
		t.Fatal(err)
	}
	auth, err := authn.Resolve(t.Context(), registry.Keychain(), reg)
	if err != nil {
		return nil, err
	}
	return authn.Authorization(t.Context(), auth)
}

func TestECR(t *testing.T) {
	password := "ecr" + "-password"
	token := base64.StdEncoding.EncodeToString([]byte("AWS:" + password))
	for _, tt := range []struct {
		name, answer string
		status       int
		id           string
		want         string // in the error, empty for none
	}{
		{name: "token", status: 200, answer: fmt.Sprintf(`{"authorizationData":[{"authorizationToken":%q}]}`, token), id: "id"},
		{name: "no credentials", want: "needs AWS credentials"},
		{name: "not allowed", status: 400, answer: `{"__type":"AccessDeniedException","message":"no right"}`, id: "id", want: "no right"},
		{name: "no token", status: 200, answer: `{"authorizationData":[]}`, id: "id", want: "empty token"},
		{name: "not base64", status: 200, answer: `{"authorizationData":[{"authorizationToken":"???"}]}`, id: "id", want: "not base64"},
		{name: "half a token", status: 200, answer: `{"authorizationData":[{"authorizationToken":"QVdT"}]}`, id: "id", want: "without user and password"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var scopes []string
			api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				scopes = append(scopes, r.Header.Get("Authorization"))
				w.Header().Set("Content-Type", "application/x-amz-json-1.1")
				w.WriteHeader(tt.status)
				fmt.Fprint(w, tt.answer)
			}))
			defer api.Close()
			secret := ""
			if tt.id != "" {
				secret = "secret-of-" + tt.id
			}
			awsEnv(t, api.URL, tt.id, secret)
			got, err := credentials(t, ecrRegistry)
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Fatalf("got %v, want %q", err, tt.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.Username != "AWS" || got.Password != password {
				t.Errorf("got user %q", got.Username)
			}
			// The region is the registry's, wherever the user's own profile is at home.
			if len(scopes) != 1 || !strings.Contains(scopes[0], "/eu-west-1/ecr/") {
				t.Errorf("signed for %q", scopes)
			}
		})
	}
}

// A login in Docker's configuration wins; a helper that is named there but not
// installed doesn't stand in the way.
func TestECRAndDockerConfig(t *testing.T) {
	token := base64.StdEncoding.EncodeToString([]byte("AWS:" + "from-ecr"))
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"authorizationData": []map[string]string{{"authorizationToken": token}}})
	}))
	defer api.Close()
	login := base64.StdEncoding.EncodeToString([]byte("AWS:" + "from-docker"))
	for _, tt := range []struct{ config, want string }{
		{fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, ecrRegistry, login), "from-docker"},
		{fmt.Sprintf(`{"credHelpers":{%q:"not-installed"}}`, ecrRegistry), "from-ecr"},
		{`{}`, "from-ecr"},
	} {
		awsEnv(t, api.URL, "id", "secret-of-id")
		dir := t.TempDir()
		t.Setenv("DOCKER_CONFIG", dir)
		if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(tt.config), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := credentials(t, ecrRegistry)
		if err != nil {
			t.Errorf("%s: %v", tt.config, err)
		} else if got.Password != tt.want {
			t.Errorf("%s: credentials not %q", tt.config, tt.want)
		}
	}
}

// Nothing that only looks like ECR is given an AWS token, and what needs no
// credentials is not kept waiting for them.
func TestNotECR(t *testing.T) {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { t.Error("ECR was asked") }))
	defer api.Close()
	awsEnv(t, api.URL, "id", "secret-of-id")
	for _, host := range []string{
		"public.ecr.aws", "ghcr.io", "index.docker.io", ecrRegistry + ".example.com", ecrRegistry + ":8443",
		"example.com.dkr.ecr.eu-west-1.amazonaws.com", "1234.dkr.ecr.eu-west-1.amazonaws.com", "123456789012.dkr.ecr.eu-west-1.amazonaws.org",
	} {
		if got, err := credentials(t, host); err != nil || *got != (authn.AuthConfig{}) {
			t.Errorf("%s: got %v, %v", host, got, err)
		}
	}
}
