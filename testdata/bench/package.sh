#!/usr/bin/env bash
# Installs about 240 MB of real npm packages, at exact versions, into
# testdata/bench/out/package: what `make bench` checks. Nothing of it is run
# (--ignore-scripts) and nothing of it is committed.
set -euo pipefail
cd "$(dirname "$0")"
if [ -f out/package/done ]; then exit 0; fi
command -v npm >/dev/null || { echo "make bench needs npm" >&2; exit 1; }
rm -rf out/package
mkdir -p out/package
cd out/package
cat >index.js <<'JS'
exports.handler = async () => ({ statusCode: 200 });
JS
echo '{"name":"bench","version":"1.0.0","private":true}' >package.json
npm install --ignore-scripts --no-audit --no-fund --save-exact \
  aws-sdk@2.1450.0 webpack@5.89.0 mongoose@8.0.3 sequelize@6.35.2 \
  twilio@4.19.3 stripe@14.9.0 lodash@4.17.15 axios@0.21.0 next@12.3.4 >/dev/null
touch done
du -sh . >&2
