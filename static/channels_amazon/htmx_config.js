// Runs right after htmx: neither inline styles nor evaluated attributes, as the
// content security policy demands.
window.htmx.config.includeIndicatorStyles = false;
window.htmx.config.allowEval = false;
window.htmx.config.selfRequestsOnly = true;
window.htmx.config.historyCacheSize = 0;
