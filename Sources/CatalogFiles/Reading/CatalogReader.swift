import Limits
import SyncCore

/// Reads all files of a catalog into a draft and reports everything that is wrong with it.
struct CatalogReader {
  static let mainFile = "catalog.toml"
  static let codesFile = "codes.toml"
  static let indicatorsFile = "indicators.toml"
  static let derivationsFile = "derivations.toml"
  static let mainSettings = ["version", "title", "retired_kinds", "observers"]

  /// Put before a file's name in findings; empty where there is no folder.
  let folder: String
  let files: [CatalogText]
  let findings: FindingList

  /// The draft; complete only when no finding was added.
  func draft() -> CatalogDraft {
    var draft = CatalogDraft(versionPlace: mainPlace, retiredPlace: mainPlace)
    var trees: [(name: String, node: TextNode)] = []
    for file in files {
      guard let node = TextNode.parse(file.bytes, file: path(file.name), findings: findings) else { continue }
      UniqueSearch.report(in: node, findings: findings)
      trees.append((file.name, node))
    }
    if let main = tree(Self.mainFile, in: trees) {
      readMain(main, into: &draft)
    } else if !findings.isUnreadable, !files.contains(where: { $0.name.sameBytes(as: Self.mainFile) }) {
      findings.add(
        mainPlace, "The catalog has no file `\(Self.mainFile)`.",
        hint: "Add it with `version = 1` and a `title`; check that this is the catalog's folder.")
    }
    let lists = tree(Self.codesFile, in: trees).map(codeLists) ?? []
    let special = [Self.mainFile, Self.codesFile, Self.indicatorsFile, Self.derivationsFile]
    for (name, node) in trees where !special.contains(where: { $0.sameBytes(as: name) }) {
      readKinds(node, lists: lists, into: &draft)
    }
    checkKinds(draft)
    // Indicators name kinds and columns: with half of the kinds unread they would be blamed for what is not theirs.
    if findings.all.isEmpty, let node = tree(Self.indicatorsFile, in: trees) {
      draft.indicators = IndicatorReader(draft: draft, findings: findings).indicators(node)
    }
    if findings.all.isEmpty, let node = tree(Self.derivationsFile, in: trees) {
      draft.derivations = DerivationReader(draft: draft, findings: findings).derivations(node)
    }
    return draft
  }

  private var mainPlace: Place { Place(file: path(Self.mainFile), line: 1) }

  private func path(_ name: String) -> String { folder.isEmpty ? name : CatalogText.path(folder, name) }

  private func tree(_ name: String, in trees: [(name: String, node: TextNode)]) -> TextNode? {
    trees.first { $0.name.sameBytes(as: name) }?.node
  }

  // MARK: - catalog.toml and codes.toml

  private func readMain(_ node: TextNode, into draft: inout CatalogDraft) {
    guard let table = TableReader(node, subject: "the catalog", findings: findings) else { return }
    table.refuseOthers(than: Self.mainSettings)
    draft.version = table.requiredInteger("version", in: 1...Int64(WireLimits.catalogVersion)) ?? 1
    draft.title = table.requiredText("title", example: "Our registers") ?? ""
    draft.retiredKinds = table.integers("retired_kinds", in: KindReader.idRange).map(\.number).sorted()
    if let node = table.node("observers") { draft.observers = observers(node) }
    draft.versionPlace = table.place(of: "version")
    draft.retiredPlace = table.place(of: "retired_kinds")
  }

  /// `[observers.CODE]` with what each may read and write.
  private func observers(_ node: TextNode) -> [Observer] {
    guard let table = TableReader(node, subject: "the table of observers", findings: findings) else { return [] }
    return table.entries.compactMap { entry in
      let subject = "the observer `\(entry.key)`"
      if !FederationCode.isValid(entry.key) {
        findings.add(
          entry.place, "`\(entry.key)` is not a federation's code.",
          hint: "A code has 1 to 32 of a-z, 0-9 and -, beginning with a letter.")
      }
      guard let rights = TableReader(entry.node, subject: subject, findings: findings) else { return nil }
      rights.refuseOthers(than: ["reads", "writes"])
      return Observer(
        federation: entry.key, readsMembers: choice("reads", of: ["own", "members"], in: rights, subject),
        writesOpen: choice("writes", of: ["home", "open"], in: rights, subject))
    }
  }

  /// Whether a setting is the second of two words. Left out, it is the first, which grants less.
  private func choice(_ key: String, of words: [String], in table: TableReader, _ subject: String) -> Bool {
    guard let text = table.text(key) else { return false }
    guard let index = words.firstIndex(where: { $0.sameBytes(as: text) }) else {
      findings.add(
        table.place(of: key), "In \(subject), `\(key)` is \(text).",
        hint: "Use one of: \(words.joined(separator: ", ")).")
      return false
    }
    return index == 1
  }

  private func codeLists(_ node: TextNode) -> [CodeList] {
    guard let table = TableReader(node, subject: "the file of code lists", findings: findings) else { return [] }
    return table.entries.compactMap { entry in
      guard let texts = table.texts(entry.key) else { return nil }
      let what = "the code list `\(entry.key)`"
      let codes = TypeReader.checked(texts, what: what, at: entry.place, findings: findings)
      return CodeList(name: entry.key, codes: codes)
    }
  }

  // MARK: - Kinds

  private func readKinds(_ node: TextNode, lists: [CodeList], into draft: inout CatalogDraft) {
    guard case .table(let entries) = node.content else { return }
    for entry in entries where !entry.key.sameBytes(as: UniqueSearch.key) {
      guard let kind = KindReader(entry, lists: lists, findings: findings)?.kind() else { continue }
      draft.kinds.append(kind)
    }
  }

  /// What can only be seen once all kinds are there.
  private func checkKinds(_ draft: CatalogDraft) {
    if draft.kinds.isEmpty && findings.all.isEmpty {
      findings.add(
        mainPlace, "The catalog has no kinds.", hint: "Put a TOML file with a table for each kind into the folder.")
    }
    for (index, kind) in draft.kinds.enumerated() {
      let earlier = draft.kinds.prefix(index)
      if let other = earlier.first(where: { $0.kind.id == kind.kind.id }) {
        findings.add(
          kind.idPlace,
          "The kind `\(kind.kind.name)` has the id \(kind.kind.id), which the kind "
            + "`\(other.kind.name)` has already.",
          hint: "Give it a number that no kind has or ever had; ids are permanent.")
      }
      if let other = earlier.first(where: { $0.kind.name.sameBytes(as: kind.kind.name) }) {
        findings.add(
          kind.place,
          "The kind `\(kind.kind.name)` is defined twice, first in \(other.place.file) at line "
            + "\(other.place.line).", hint: "Remove or rename one of the two.")
      }
      if draft.retiredKinds.contains(kind.kind.id.number) {
        findings.add(
          kind.idPlace,
          "The kind `\(kind.kind.name)` uses the retired id \(kind.kind.id) again; old changes would "
            + "fill it with records of the removed kind.", hint: "Give it a number that no kind ever had.")
      }
      checkReferences(of: kind, draft: draft)
    }
  }

  private func checkReferences(of kind: KindDraft, draft: CatalogDraft) {
    for reference in kind.references {
      guard let target = draft.kind(named: reference.target) else {
        findings.add(
          reference.place, "\(reference.subject) refers to the unknown kind `\(reference.target)`.",
          hint: "Correct the name after `to =`, or add the kind.")
        continue
      }
      if target.recordClass == .local, kind.kind.recordClass != .local, !reference.isLocal {
        findings.add(
          reference.place,
          "\(reference.subject) refers to the local kind `\(target.name)`, whose keys are personal "
            + "data and would leave the file.", hint: "Add `local = true` to the column, or remove it.")
      }
    }
  }
}
