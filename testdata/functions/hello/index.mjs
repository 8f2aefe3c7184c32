// Nothing to object to: no packages, no credentials.
export const handler = async (event) => ({
  statusCode: 200,
  body: JSON.stringify({ hello: event.queryStringParameters?.name ?? 'world', stage: process.env.STAGE }),
});
