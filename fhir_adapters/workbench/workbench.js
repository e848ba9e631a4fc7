// A link in the words of a card opens beside the page, which would lose the patient.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.(".detail a");
  if (link) Object.assign(link, { target: "_blank", rel: "noopener noreferrer" });
}, true);

// The keys of the page, wherever one is on it; not in a dialog, which asks for an answer first. The browser's own meaning gives way.
document.addEventListener("keydown", (event) => {
  const mod = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
  const name = plain ? { F8: "next-problem" }[event.key] : mod ? { s: "save", S: "save", Enter: "run-tests" }[event.key] : undefined;
  if (!name) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (!event.repeat && !document.querySelector("dialog[open]")) emitEvent(name, {});
}, true);

// What the page does in the browser itself: the editor's name and cursor, light and dark, and records on their way in.
window.primum = {
  async editor(id) {
    const element = getElement(id);
    await element.editorPromise;
    return element.editor;
  },
  async nameEditor(id, label, described) {
    const editor = await this.editor(id);
    editor.contentDOM.setAttribute("aria-label", label);
    editor.contentDOM.setAttribute("aria-describedby", described);
    // What is too long to be sent to the program would be in the editor only, unchecked.
    for (const kind of ["paste", "drop"]) {
      editor.dom.addEventListener(kind, (event) => {
        const brought = event.clipboardData ?? event.dataTransfer;
        const sizes = [brought?.getData("text").length ?? 0, ...[...(brought?.files ?? [])].map((file) => file.size)];
        if (Math.max(...sizes) <= 200_000) return;
        event.preventDefault();
        event.stopImmediatePropagation();
        emitEvent("too-long", {});
      }, true);
    }
  },
  async beginAnew(id, theme) {
    // Another file has a history of its own: the editor keeps its parts and its text, and forgets what can be undone.
    const editor = await this.editor(id);
    const element = getElement(id);
    editor.setState(editor.state.constructor.create({ doc: editor.state.doc, extensions: element.setupExtensions() }));
    element.setLanguage(element.language);
    element.setTheme(theme);
    element.setLineWrapping(element.lineWrapping);
  },
  async goTo(id, line, column) {
    const editor = await this.editor(id);
    const place = editor.state.doc.line(Math.max(1, Math.min(line, editor.state.doc.lines)));
    const anchor = Math.min(place.from + column - 1, place.to);
    editor.dispatch({ selection: { anchor }, scrollIntoView: true });
    editor.focus();
  },
  async keepInView(id) {
    // The list of problems takes room from the editor: what one writes must not end up behind it.
    const editor = await this.editor(id);
    requestAnimationFrame(() => {
      if (editor.hasFocus) editor.dispatch({ selection: editor.state.selection, scrollIntoView: true });
    });
  },
  keepWritten(field) {
    mounted_app.elements[field.id.slice(1)].props.value = field.value;
  },
  begin(id, text) {
    const field = getHtmlElement(id);
    field.value = text;
    field.focus();
    field.select();
  },
  prefersDark() {
    const chosen = localStorage.getItem("primum-dark");
    return chosen === null ? matchMedia("(prefers-color-scheme: dark)").matches : chosen === "true";
  },
  keepDark(dark) {
    localStorage.setItem("primum-dark", dark);
  },
  async send(body, name) {
    const answer = await fetch("record", { method: "POST", body });
    emitEvent("record", { key: answer.ok ? await answer.text() : "", name });
    return answer.ok;
  },
  async sendText(id) {
    const area = document.getElementById(id);
    if (area.value.trim() && (await this.send(area.value, "the pasted text"))) area.value = "";
  },
  sendFile(input) {
    if (input.files.length) this.send(input.files[0], input.files[0].name);
    input.value = "";
  },
};
