'use strict';

// A small order function as they are found in the wild: old packages, and the
// database password in the source.
const merge = require('lodash').merge;
const parse = require('minimist');

const DATABASE_PASSWORD = "super_secret_password_123";

exports.handler = async (event) => {
  const options = parse((event.arguments || '').split(' '));
  const order = merge({ state: 'new' }, JSON.parse(event.body || '{}'));
  return {
    statusCode: 200,
    body: JSON.stringify({ order, dry: Boolean(options.dry), db: connect() }),
  };
};

function connect() {
  return { user: 'orders', password: DATABASE_PASSWORD }.user;
}
