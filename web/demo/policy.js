// How far this page may connect, settled before anything else runs: to its own server only, unless its address names a
// model on another one (?model=, ?speech=). A policy once in the page can't be loosened by its scripts; <html data-connects>
// tells them which holds.

{
  const asked = new URLSearchParams(location.search);
  const isElsewhere = (name) => {
    try {
      return new URL(asked.get(name) ?? '', location.href).origin !== location.origin;
    } catch {
      return false; // no address: it is on no other server
    }
  };
  const here = !isElsewhere('model') && !isElsewhere('speech');
  if (here) {
    const policy = document.createElement('meta');
    policy.httpEquiv = 'Content-Security-Policy';
    policy.content = "connect-src 'self'";
    document.head.append(policy);
  }
  document.documentElement.dataset.connects = here ? 'here' : 'elsewhere';
}
