// A real OpenID Connect provider on loopback for the tests: `node provider.mjs PACKAGE PORT CALLBACK LOGOUT KEYS`.
// Whoever signs in is the account that the cookie `account` names; every client consents. KEYS is a JWK set.
const [package_, port, callback, logout, keys] = process.argv.slice(2);
const { default: Provider } = await import(package_);
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{
    client_id: 'suanquan', client_secret: 'a secret of the tests', redirect_uris: [callback],
    backchannel_logout_uri: logout, backchannel_logout_session_required: true,
  }],
  jwks: JSON.parse(keys),
  cookies: { keys: ['of the tests'] },
  pkce: { required: () => true },
  features: {
    devInteractions: { enabled: false },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: { enabled: true, logoutSource: (ctx, form) => { ctx.body = form; } },
  },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
});
provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/interaction/')) { await next(); return; }
  const { prompt, params, session } = await provider.interactionDetails(ctx.req, ctx.res);
  if (prompt.name === 'login') {
    const accountId = ctx.cookies.get('account') ?? 'nobody';
    await provider.interactionFinished(ctx.req, ctx.res, { login: { accountId } });
    return;
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope('openid');
  const consent = { grantId: await grant.save() };
  await provider.interactionFinished(ctx.req, ctx.res, { consent }, { mergeWithLastSubmission: true });
});
provider.listen(Number(port), '127.0.0.1', () => console.log('ready'));
