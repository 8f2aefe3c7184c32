package secret

import (
	"slices"
	"testing"
)

func TestSplitName(t *testing.T) {
	for name, want := range map[string][]string{
		"DATABASE_PASSWORD": {"database", "password"}, "apiKey": {"api", "key"}, "APIKey": {"api", "key"}, "client-secret.v2": {"client", "secret", "v", "2"},
		"$token1": {"token", "1"}, "": nil, "--": nil,
	} {
		if got := splitName([]byte(name)); !slices.Equal(got, want) {
			t.Errorf("splitName(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestKindOfName(t *testing.T) {
	for name, want := range map[string]nameKind{
		"password": namePassword, "dbpassword": namePassword, "API_KEY": namePassword, "client_secret": namePassword, "openai-api-key": namePassword,
		"DB_PASSWORD_PROD": namePassword, "aws.secretKey": namePassword, "privateKey": namePassword,
		"accessToken": nameToken, "authtoken": nameToken, "config.auth": nameToken, "credentials": nameToken,
		"author": nameOther, "tokenizer": nameOther, "SECRET_NAME": nameOther, "tokenUrl": nameOther, "PASSWORD_MIN_LENGTH": nameOther, "public_token": nameOther,
		"authType": nameOther, "NextToken": nameOther, "KMS_KEY_ID": nameOther, "secretArn": nameOther, "passwordHash": nameOther, "secretary": nameOther,
	} {
		if got := kindOfName([]byte(name)); got != want {
			t.Errorf("kindOfName(%q) = %d, want %d", name, got, want)
		}
	}
}

func TestWordy(t *testing.T) {
	for v, want := range map[string]bool{
		"db-password-secret": true, "getSecretValue": true, "AccessDeniedException": true, "node_modules/config/provider": true,
		drawn(alnum, 32, 500): false, drawn(hexDigits, 32, 501): false, drawn(lowerLetters+digits, 32, 502): false, drawn(alnum+"+/", 44, 503): false,
	} {
		if got := wordy([]byte(v)); got != want {
			t.Errorf("wordy(%q) = %v, want %v", v, got, want)
		}
	}
}

// TestGenericFormats holds what stands around a value: operators, quotes and the
// formats that need none. The value is always the same.
func TestGenericFormats(t *testing.T) {
	e := newEngine(genericDetectors())
	v := "violet-" + "Harbor-4417"
	for _, tc := range []struct {
		file, text string
		want       bool
	}{
		{"a.py", `password = "` + v + `"`, true},
		{"a.py", `config['password'] = '` + v + `'`, true},
		{"a.py", `password = b"` + v + `"`, true},
		{"a.go", "password := `" + v + "`", true},
		{"a.rb", `:password => "` + v + `"`, true},
		{"a.json", `{"password" : "` + v + `"}`, true},
		{"a.js", `{password:"` + v + `"}`, true},
		{"a.js", `p = env.PASSWORD ?? "` + v + `"`, true},
		{"a.js", `"{\"password\":\"` + v + `\"}"`, true},
		{"a.js", `set("password", "` + v + `")`, true},
		{"a.js", `["user", "password", "` + v + `"]`, false},
		{"a.js", `password == "` + v + `"`, false},
		{"a.js", `password(` + v + `)`, false},
		{"a.js", `password = ` + v, false},
		{"a.js", `password = "` + v, false},
		{"a.js", "password = \"" + v + "\n\"", false},
		{".env", `PASSWORD=` + v, true},
		{".env.production", `export PASSWORD=` + v + ` # app`, true},
		{"prod.env", "PASSWORD=" + v + "\r\nX=1", true},
		{"app.properties", `db.password=` + v, true},
		{"app.yaml", "db:\n  password: " + v + "\n", true},
		{"app.yml", "password:\n  " + v + ": x\n", false},
		{"app.yaml", "password: the " + v + " is\n", false},
		{"app.ini", `password = ` + v + ` ; app`, true},
		{".env", `PASSWORD=`, false},
		{".env", `PASSWORD=$OTHER_4417`, false},
		{"a.js", `auth = "amqp://app:` + drawn(alnum, 20, 510) + `@mq:5671/"`, true},
		{"a.js", `auth = "https://host4417:8443/login"`, false},
	} {
		got := scanWhole(t, e, tc.file, tc.text)
		if (len(got) == 1) != tc.want {
			t.Errorf("%s: %s: %d matches, want one: %v", tc.file, tc.text, len(got), tc.want)
		}
	}
}

func TestWeigh(t *testing.T) {
	for _, tc := range []struct {
		value string
		kind  nameKind
		want  evidence
	}{
		{"super_" + "secret_password_123", namePassword, someEvidence},
		{"super_" + "secret_password_123", nameToken, noEvidence},
		{"P@ss" + "w0rd!2024", namePassword, someEvidence},
		{"Summer" + "2021!", namePassword, someEvidence},
		{"passw" + "0rdhere", namePassword, someEvidence},
		{drawn(alnum, 20, 520), nameToken, someEvidence},
		{drawn(alnum, 40, 521), nameToken, strongEvidence},
		{drawn(hexDigits, 40, 522), nameToken, someEvidence},
		{drawn(hexDigits, 20, 523), nameToken, noEvidence},
		{"hunter2", namePassword, noEvidence},
		{"12345678", namePassword, noEvidence},
		{"correct-horse-battery", namePassword, noEvidence},
		{"sha256WithRSAEncryption", namePassword, noEvidence},
		{"oauth2_access_token", namePassword, noEvidence},
		{"localhost:22", namePassword, noEvidence},
		{"2016-09-08T21:47:36Z", namePassword, noEvidence},
		{"^4.17.21-beta", namePassword, noEvidence},
		{"sha512-" + drawn(alnum+"+/", 86, 524), nameToken, noEvidence},
		{"auth/error-code-4417", namePassword, noEvidence},
		{"errors.password.min12", namePassword, noEvidence},
		{"#password-4417", namePassword, noEvidence},
		{"^(?=.*[A-Z])(?=.*[0-9]).{8,20}$", namePassword, noEvidence},
		{"00000000-0000-0000-0000-000000000000", nameToken, noEvidence},
		{"motdepassé-4417", namePassword, noEvidence},
	} {
		if got := weigh([]byte(tc.value), tc.kind); got != tc.want {
			t.Errorf("weigh(%q, %d) = %d, want %d", tc.value, tc.kind, got, tc.want)
		}
	}
}
