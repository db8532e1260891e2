// How far this page may connect, settled before anything else runs: to its own server only, unless its address names a
// model to fetch (?model=). A policy once in the page can't be loosened by its scripts.

if (!new URLSearchParams(location.search).get('model')) {
  const policy = document.createElement('meta');
  policy.httpEquiv = 'Content-Security-Policy';
  policy.content = "connect-src 'self'";
  document.head.append(policy);
}
