// How far this page may connect, settled before anything else runs: to its own server only, unless its address names a
// model on another one (?model=). A policy once in the page can't be loosened by its scripts; <html data-connects>
// tells them which holds.

{
  const model = new URLSearchParams(location.search).get('model');
  let { origin } = location;
  try {
    ({ origin } = new URL(model ?? '', location.href));
  } catch {
    // no address: it is on no other server
  }
  if (origin === location.origin) {
    const policy = document.createElement('meta');
    policy.httpEquiv = 'Content-Security-Policy';
    policy.content = "connect-src 'self'";
    document.head.append(policy);
  }
  document.documentElement.dataset.connects = origin === location.origin ? 'here' : 'elsewhere';
}
