import Consolidation
import Foundation
import Glibc
import Node
import Store
import SyncCore

/// The demo from beginning to end, printed as it happens.
struct DemoStory {
  private let scale: Double
  private let output: (String) -> Void
  private var stage: DemoStage
  /// Everything that is wrong.
  private var problems: [String] = []
  private var times: [(phase: String, took: Duration)] = []
  private var phaseBegan = ContinuousClock.now
  private var trees: [DemoTree] = []
  private var cases: DemoCases?

  init(scale: Double, folder: String, output: @escaping (String) -> Void) throws {
    self.scale = scale
    self.output = output
    stage = DemoStage(folder: folder)
  }

  /// - Returns: false if anything is wrong.
  mutating func run() async throws -> Bool {
    output("Birlik: headquarters, five federations and an office, each with a database of its own.")
    try await begin()
    try await work()
    try await meet()
    try await settle()
    try totals()
    try contradictions()
    try await prove()
    try finish()
    return problems.isEmpty
  }

  /// Stops the server and closes every file.
  mutating func end() async throws { try await stage.close() }

  func printWhereFilesAre() {
    let path = ShellWords.quoted(stage.path(.headquarters))
    output("")
    output("The databases are in \(stage.folder). To look around:")
    output("   birlik totals --as-of 2025-10 --database \(path)")
    output("   birlik conflicts --database \(path)")
    output("   sqlite3 \(path) \"SELECT * FROM figure WHERE measure='members'\"")
  }

  // MARK: - Phases

  private mutating func phase(_ title: String) {
    endPhase()
    phaseBegan = .now
    times.append((title, .zero))
    output("")
    output("\(times.count). \(title)")
    output("")
  }

  private mutating func endPhase() {
    guard !times.isEmpty else { return }
    times[times.count - 1].took = phaseBegan.duration(to: .now)
  }

  private func paragraph(_ words: String) {
    for line in DemoText.wrapped(words, first: "   ", indent: "   ") { output(line) }
  }

  private mutating func check(_ isRight: Bool, _ problem: @autoclosure () -> String) {
    if !isRight { problems.append(problem()) }
  }

  private mutating func begin() async throws {
    phase("Headquarters opens, the federations join")
    try stage.makeHeadquarters()
    let loaded = try DemoFigures.load(into: stage.store(.headquarters))
    paragraph(
      "Headquarters of OTUTS loads what is published, \(loaded.reduce(0) { $0 + $1.rows }) records: "
        + DemoText.list(loaded.map { "\($0.title) \($0.rows)" }) + ".")
    try await stage.startServer()
    for place in DemoPlace.members { try await stage.join(place) }
    output("")
    for place in DemoPlace.members {
      let office = place.office == nil ? "" : ", an office of it"
      output(
        "   \(place.name.padding(toLength: 10, withPad: " ", startingAt: 0)) joins as \(place.federation)\(office)")
    }
    let figures = try DemoFigures(stage.store(.headquarters))
    trees = DemoTree.all(figures, scale: scale)
    guard trees.count == 3 else {
      throw NodeError(.data, "running the demo", "the published figures for the three trees are not there")
    }
    let cases = DemoCases(uzbekistan: trees[0], kazakhstan: trees[1], kyrgyzstan: trees[2])
    self.cases = cases
    for tree in trees { try tree.typeBeginning(into: stage.store(tree.place)) }
    for edit in cases.beginning { try DemoCases.type(edit, into: stage.store(edit.place)) }
    for _ in 1...2 {
      for place in DemoPlace.members {
        check(try await stage.sync(place).outcome == .even, "\(place.name) is not in sync")
      }
    }
    output("")
    paragraph("Each enters its regional councils and its first organizations, and syncs. Everybody holds the same now.")
  }

  private mutating func work() async throws {
    phase("Headquarters is away, everybody works on")
    await stage.stopServer()
    do {
      _ = try await stage.sync(.tashkent)
      problems.append("a sync succeeded while headquarters was away")
    } catch {
      paragraph("Tashkent tries to sync; nobody answers. Its edits are kept, and work goes on.")
    }
    output("")
    paragraph(
      "Each federation that publishes both figures types in all its primary organizations: a unit, its place under a "
        + "regional council, and a return as of \(DemoTree.asOf).")
    if scale < 1 {
      paragraph(
        "At scale \(scale) only that share of the organizations is made, and their returns add up to that share of the "
          + "declared members: the gap will show.")
    }
    output("")
    let table = DemoTable([
      ("", -10), ("councils", 8), ("organizations", 13), ("published", 10), ("members", 10), ("declared", 10),
      ("rows", 8), ("time", 8),
    ])
    output(table.heading)
    output(table.rule)
    for tree in trees {
      let store = try stage.store(tree.place)
      let began = ContinuousClock.now
      let rows = try await offload { try tree.typeRest(into: store) }
      check(tree.members.reduce(0, +) == tree.target, "the returns of \(tree.federation) do not add up")
      output(
        table.row(
          [tree.place.name]
            + [Int64(tree.councils.count), Int64(tree.members.count), tree.published, tree.target, tree.declared]
            .map { DemoText.grouped($0) }
            + [DemoText.grouped(rows), DemoText.seconds(began.duration(to: .now))]))
    }
    output("")
    paragraph("Meanwhile several people work on the same records without knowing of each other:")
    for (index, item) in (cases?.cases ?? []).enumerated() {
      for edit in item.edits {
        try DemoCases.type(edit, into: stage.store(edit.place))
        // Far enough apart that "later" means the same on all clocks.
        try await Task.sleep(for: .milliseconds(20))
      }
      for line in DemoText.wrapped(item.words, first: "   \(Self.letter(index))  ", indent: "      ") { output(line) }
    }
    try typeMembers()
  }

  private static func letter(_ index: Int) -> String { String(UnicodeScalar(UInt8(97 + index % 26))) }

  private func typeMembers() throws {
    let names = ["Invented Person One", "Invented Person Two", "Invented Person Three"]
    for (index, name) in names.enumerated() {
      _ = try stage.store(.samarkand).edit(kind: "member", key: "demo-\(index + 1)", values: [("name", name)])
    }
    output("")
    paragraph("Samarkand also keeps a list of its members by name (\(names.count) invented ones). It is to stay there.")
  }

  // MARK: - Meeting again

  private mutating func meet() async throws {
    phase("Headquarters is back, everybody syncs over HTTP")
    try await stage.startServer()
    let table = DemoTable([
      ("", -10), ("sent", 9), ("bytes", 8), ("B each", 6), ("received", 9), ("bytes", 8), ("B each", 6), ("rounds", 6),
      ("time", 8), ("changes/s", 9),
    ])
    output(table.heading)
    output(table.rule)
    for round in 1...2 {
      var idle: [String] = []
      for place in DemoPlace.members {
        let began = ContinuousClock.now
        let report = try await stage.sync(place)
        let took = began.duration(to: .now)
        check(report.outcome == .even, "\(place.name) is not in sync with headquarters")
        for words in report.refusals { problems.append("\(place.name): \(words)") }
        let changes = report.sent.changes + report.received.changes
        if round > 1, changes == 0 {
          idle.append(place.name)
          continue
        }
        output(
          table.row(
            [place.name] + Self.cells(report.sent) + Self.cells(report.received) + [
              String(report.rounds), DemoText.seconds(took),
              DemoText.grouped(Int64(Double(changes) / max(0.001, DemoText.number(ofSeconds: took)))),
            ]))
      }
      if round == 1 {
        output("")
        paragraph("A second time round, so that each sees what those after it brought:")
      } else if !idle.isEmpty {
        paragraph("\(DemoText.list(idle)): nothing new.")
      }
    }
    output("")
    paragraph("(Invented codes follow each other, so they pack closer than those of real registers would.)")
  }

  private static func cells(_ amount: SyncReport.Amount) -> [String] {
    guard amount.changes > 0 else { return ["-", "-", "-"] }
    let each = String(format: "%.2f", Double(amount.bytes) / Double(amount.changes))
    return [DemoText.grouped(amount.changes), DemoText.bytes(amount.bytes), each]
  }

  private mutating func settle() async throws {
    phase("Conflicts: what is shown, what the others entered, and why")
    let all = try stage.store(.headquarters).conflicts()
    let letters = all.map { conflict in cases?.cases.firstIndex { $0.opens(conflict) } }
    for (conflict, index) in zip(all, letters).sorted(by: { ($0.1 ?? 99) < ($1.1 ?? 99) }) {
      DemoConflicts.lines(conflict, letter: index.map(Self.letter) ?? " ").forEach(output)
      output("")
    }
    if let cases { problems += try cases.check(all, stage) }
    paragraph("e: what fits together is no conflict. The silk mill's activities are C13, C14 and G47 everywhere.")
    paragraph("f: what is not permitted is set aside in Baku with its reason; the record reads as before.")
    output("")
    try compareConflicts()
    try await resolve(all)
  }

  private mutating func compareConflicts() throws {
    let all = try stage.store(.headquarters).conflicts()
    let catalog = try stage.store(.headquarters).catalog()
    var counts: [String] = ["Headquarters \(all.count)"]
    var areEqual = true
    for place in DemoPlace.members {
      let store = try stage.store(place)
      let own = try store.conflicts()
      let visible = DemoConflicts.visible(all, to: store.identity.role, catalog)
      if own.map(DemoConflicts.Entry.init) != visible.map(DemoConflicts.Entry.init) {
        areEqual = false
        problems.append("\(place.name) and headquarters list different conflicts")
      }
      counts.append("\(place.name) \(own.count)")
    }
    paragraph("Open conflicts each can see: \(counts.joined(separator: ", ")).")
    paragraph(areEqual ? "Each lists exactly what headquarters lists of them." : "The lists DIFFER.")
  }

  private mutating func resolve(_ all: [ConflictView]) async throws {
    guard let tree = trees.first,
      let conflict = all.first(where: { $0.key == tree.returnKey(0) && $0.field == DemoCases.resolvedField })
    else { return }
    let before = try DemoTotals.counted(stage.store(.headquarters), of: tree.federation)
    let tashkent = DemoPlace.tashkent.card
    try stage.store(.tashkent).resolve(
      kind: conflict.kind, key: conflict.key, field: conflict.field,
      decision: conflict.shown?.node == tashkent ? .keep : .take(tashkent))
    for _ in 1...2 {
      for place in [DemoPlace.tashkent, .samarkand] { _ = try await stage.sync(place) }
    }
    let isClosed = try [DemoPlace.headquarters, .tashkent, .samarkand].allSatisfy { place in
      try !stage.store(place).conflicts().contains { $0.key == conflict.key && $0.kind == conflict.kind }
    }
    check(isClosed, "the resolved conflict is still open somewhere")
    let after = try DemoTotals.counted(stage.store(.headquarters), of: tree.federation)
    check(after == tree.target, "\(tree.federation) should count \(tree.target) and counts \(after)")
    output("")
    paragraph(
      "Samarkand looks the silk mill's return up again: Tashkent is right. Tashkent resolves the conflict and both sync; "
        + "it is \(isClosed ? "closed" : "NOT CLOSED") at headquarters, in Tashkent and in Samarkand, and the total of "
        + "\(tree.federation) goes from \(DemoText.grouped(before)) to \(DemoText.grouped(after)).")
  }

  // MARK: - Figures and proof

  private mutating func totals() throws {
    phase("The consolidated table as of October 2025")
    let totals = try DemoTotals(stage.store(.headquarters))
    totals.lines().forEach(output)
    output("")
    paragraph(
      "Sectoral unions and member organizations are published as numbers only, so nobody has entered them here.")
    for tree in trees {
      let row = totals.members.rows.first { $0.unit == tree.federation }
      check(row?.counted == tree.target, "\(tree.federation) does not count \(tree.target) members")
      check(row?.tally.unitsReporting == Int64(tree.members.count), "\(tree.federation) lacks returns")
    }
    check(totals.members.residual != nil, "there is no residual")
  }

  private mutating func contradictions() throws {
    phase("What contradicts itself in the published figures")
    let store = try stage.store(.headquarters)
    let found = try DemoContradictions(store, DemoTotals(store).members)
    for (index, item) in found.all.enumerated() {
      for line in DemoText.wrapped(item.words ?? "cannot be computed", first: "   \(index + 1)  ", indent: "      ") {
        output(line)
      }
      check(item.words != nil, "the figures for \"\(item.title)\" are not all there")
    }
  }

  private mutating func prove() async throws {
    phase("Proof: every node works its tables out again from its log, and all are compared")
    let table = DemoTable([
      ("", -12), ("records", 9), ("changes", 9), ("file", 9), ("time", 8), ("log and tables", -14),
    ])
    output(table.heading)
    output(table.rule)
    let output = output
    let stage = stage
    let proof = try await DemoProof.make(stage) { place, report, took in
      let size = try? FileManager.default.attributesOfItem(atPath: stage.path(place))[.size] as? Int
      output(
        table.row([
          place.name, DemoText.grouped(report.records), DemoText.grouped(report.changes),
          size.map { DemoText.bytes($0) } ?? "-",
          DemoText.seconds(took), report.ok ? "agree" : "DIFFER",
        ]))
    }
    problems += proof.problems
    output("")
    let channels = DemoTable([("channel", -14), ("readable by", -52), ("fingerprint", -12), ("", -9)])
    output(channels.heading)
    output(channels.rule)
    for line in proof.channels {
      let readers = line.readers.count == DemoPlace.allCases.count ? "all" : DemoText.list(line.readers.map(\.name))
      output(
        channels.row([line.channel.description, readers, String(line.digest.prefix(12)), line.words]))
    }
    output("")
    let leaks = try DemoProof.leaks(stage)
    problems += leaks
    paragraph(
      leaks.isEmpty
        ? "Samarkand's list of members is in no other database, and nobody but headquarters holds another's returns."
        : leaks.joined(separator: "; "))
  }

  private mutating func finish() throws {
    endPhase()
    output("")
    let table = DemoTable([("", -64), ("", 9)])
    for time in times { output(table.row([time.phase, DemoText.seconds(time.took)])) }
    output(table.row(["together", DemoText.seconds(times.reduce(.zero) { $0 + $1.took })]))
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    output(
      table.row([
        "peak memory of this one process with all seven nodes", DemoText.bytes(usage.ru_maxrss * 1024),
      ]))
    output("")
    if problems.isEmpty { return output("Everything is as it should be.") }
    output("NOT as it should be:")
    for problem in problems {
      for line in DemoText.wrapped(problem, first: "   ", indent: "   ") { output(line) }
    }
  }
}
