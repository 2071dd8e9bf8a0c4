// Voilà calls this while cells run; nothing is shown for it.
window.voila_heartbeat = () => {};
