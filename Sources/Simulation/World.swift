import SyncCore

/// Machines, their network, and everything that happens to them, step by step.
final class World {
  struct Backup {
    var machine: Int
    var store: MemoryStore
    var stateFile: SealMark?
  }

  let chronicle: Chronicle
  private(set) var machines: [Machine] = []
  private var backups: [Backup] = []
  /// Requests that were delayed, with the machine that they are on their way to.
  private var late: [(request: Request, server: Int)] = []
  /// Machines that the running step touched.
  private var touched: Set<Int> = []
  /// Time that passed at all machines together, in milliseconds.
  private(set) var machineTime: Int64 = 0

  var setting: Setting { chronicle.setting }
  var faults: Faults { setting.faults }

  init(_ setting: Setting, canary: Canary?) {
    chronicle = Chronicle(setting, canary: canary)
    for (number, place) in setting.places.enumerated() {
      let store = MemoryStore(
        id: place.id, role: place.role, nonce: UInt64(1000 + number), version: place.catalogVersion, setting: setting)
      machines.append(
        Machine(
          number: number, name: place.name, role: place.role, upstreams: place.upstreams, generation: 0, store: store,
          stateFile: nil, skew: place.skew, chronicle: chronicle))
      if place.skew != 0 { chronicle.coverage.add(.clockWrong) }
    }
    if machines.count >= 16 { chronicle.coverage.add(.sixteenNodesOrMore) }
  }

  func trace(_ words: @autoclosure () -> String) { chronicle.trace?(words()) }

  func pass(_ time: Int64) {
    chronicle.now += time
    machineTime += time * Int64(machines.count)
  }

  // MARK: Steps

  func run(_ step: Step) {
    var random = SeededRandom(seed: step.random)
    touched = []
    pass(Int64(1 + random.below(90)) * Setting.minute + Int64(random.below(60_000)))
    // While somebody is away, time passes faster.
    if machines.contains(where: { $0.awayUntil > chronicle.now }) { pass(Int64(10 + random.below(40)) * Setting.day) }
    let machine = machines[step.node % machines.count]
    trace("\(step.kind.rawValue) \(machine.name)")
    switch step.kind {
    case .type: type(machine, &random)
    case .sync: sync(machine, &random)
    case .seal: seal(machine)
    case .decide: decide(machine, &random)
    case .arrive: arrive(&random)
    case .wait: pass(Int64(1 + random.below(60)) * Setting.day)
    case .backUp: backups.append(Backup(machine: machine.number, store: machine.store, stateFile: machine.stateFile))
    case .restore: restore(&random)
    case .empty: emptyHeadquarters()
    case .clone: clone(machine, &random)
    case .clock:
      machine.skew = setting.jump(&random)
      chronicle.coverage.add(.clockJumped)
    case .away: machine.awayUntil = chronicle.now + Setting.year
    case .publish: publish()
    case .drop: drop(machine, &random)
    case .crash: machine.stepsToCrash = random.below(5)
    }
    check()
  }

  /// Looks at every machine that the step wrote to.
  private func check() {
    for machine in machines where touched.contains(machine.number) {
      StoreCheck(store: machine.store, chronicle: chronicle, name: machine.name).touched()
      machine.store.touched = []
      machine.store.logged = []
    }
  }

  private func type(_ machine: Machine, _ random: inout SeededRandom) {
    touched.insert(machine.number)
    var clerk = Clerk(setting: setting, random: SeededRandom(seed: random.next()))
    for _ in 0...random.below(3) {
      clerk.type(into: &machine.store, wall: machine.wall, chronicle)
      chronicle.now += Int64(1 + random.below(40_000))
    }
  }

  private func decide(_ machine: Machine, _ random: inout SeededRandom) {
    touched.insert(machine.number)
    guard attempt(machine, { () throws(Machine.Crash) in _ = try machine.seal() }) else { return }
    var clerk = Clerk(setting: setting, random: SeededRandom(seed: random.next()))
    guard clerk.decide(in: &machine.store, wall: machine.wall, chronicle) else { return }
    chronicle.coverage.add(.conflictDecided)
    _ = attempt(machine) { () throws(Machine.Crash) in _ = try machine.seal() }
  }

  private func seal(_ machine: Machine) {
    touched.insert(machine.number)
    _ = attempt(machine) { () throws(Machine.Crash) in _ = try machine.seal() }
  }

  /// Runs a program on a machine, which begins again when it crashes.
  private func attempt(_ machine: Machine, _ body: () throws(Machine.Crash) -> Void) -> Bool {
    do {
      try body()
      return true
    } catch {
      trace("  \(machine.name) stops and begins again")
      machine.open()
      return false
    }
  }

  // MARK: The network

  private func sync(_ machine: Machine, _ random: inout SeededRandom) {
    guard !machine.isFirst, machine.awayUntil <= chronicle.now else { return }
    touched.insert(machine.number)
    if machine.session == nil {
      let server = machines[random.pick(machine.upstreams)]
      if machine.upstreams.count > 1 { chronicle.coverage.add(.upstreamChanged) }
      guard server !== machine, server.awayUntil <= chronicle.now else { return }
      if !server.isFirst { chronicle.coverage.add(.relayServed) }
      machine.session = Session(machine, server: server.number, serverRole: server.role)
    } else {
      chronicle.coverage.add(.sessionInterleaved)
    }
    let rounds = random.chance(30) ? 1 + random.below(3) : 400
    for _ in 0..<rounds {
      guard machine.session != nil else { return }
      round(machine, &random)
    }
    if rounds == 400 { chronicle.fail("\(machine.name): a sync without end") }
  }

  /// One request, and its answer if all goes well.
  private func round(_ machine: Machine, _ random: inout SeededRandom) {
    guard let session = machine.session else { return }
    let server = machines[session.server]
    var request = session.request
    touched.insert(server.number)
    if random.chance(faults.delaysRequests) {
      late.append((request, server.number))
      machine.session = nil
      return trace("  a request to \(server.name) is delayed")
    }
    if random.chance(faults.losesRequests) {
      chronicle.coverage.add(.requestLost)
      machine.session = nil
      return trace("  a request to \(server.name) is lost")
    }
    spoil(&request.batch, &random)
    guard let answer = deliver(request, to: server) else {
      machine.session = nil
      return
    }
    if random.chance(faults.repeatsRequests) {
      chronicle.coverage.add(.requestRepeated)
      _ = deliver(request, to: server)
    }
    if random.chance(6) {
      chronicle.coverage.add(.typedDuringSync)
      var clerk = Clerk(setting: setting, random: SeededRandom(seed: random.next()))
      let typist = random.chance(50) ? machine : server
      clerk.type(into: &typist.store, wall: typist.wall, chronicle)
    }
    if random.chance(6), !machine.store.captures.isEmpty {
      // Another process of the node.
      chronicle.coverage.add(.sealedDuringExchange)
      guard attempt(machine, { () throws(Machine.Crash) in _ = try machine.sealPart() }) else { return }
    }
    guard attempt(machine, { () throws(Machine.Crash) in try machine.session?.sealMeanwhile(machine) }) else { return }
    receive(answer, machine, &random)
  }

  private func deliver(_ request: Request, to server: Machine) -> Answer? {
    var answer: Answer?
    let isWell = attempt(server) { () throws(Machine.Crash) in answer = try server.answer(request) }
    if isWell {
      trace("  \(server.name) takes \(request.batch.segments.count) and sends \(answer?.batch.segments.count ?? 0)")
    }
    return answer
  }

  private func receive(_ answer: Answer, _ machine: Machine, _ random: inout SeededRandom) {
    if random.chance(faults.losesAnswers) {
      chronicle.coverage.add(.answerLost)
      machine.session = nil
      return trace("  an answer is lost")
    }
    var answer = answer
    spoil(&answer.batch, &random)
    guard var session = machine.session else { return }
    var outcome: SyncOutcome?
    let isWell = attempt(machine) { () throws(Machine.Crash) in outcome = try session.proceed(answer, machine) }
    machine.session = isWell && outcome == nil ? session : nil
    if case .inSync = outcome { machine.finishedInSync() }
  }

  /// Cuts a body in its middle, or brings its segments in another order.
  private func spoil(_ batch: inout Batch, _ random: inout SeededRandom) {
    if batch.segments.count > 1, random.chance(faults.shufflesSegments) {
      batch.segments.shuffle(using: &random)
      chronicle.coverage.add(.segmentsShuffled)
    }
    if !batch.segments.isEmpty || batch.snapshot != nil, random.chance(faults.cutsBodies) {
      // A snapshot arrives whole or not at all.
      batch.segments.removeLast(min(batch.segments.count, 1 + random.below(batch.segments.count)))
      batch.snapshot = nil
      chronicle.coverage.add(.bodyCut)
    }
  }

  private func arrive(_ random: inout SeededRandom) {
    guard !late.isEmpty else { return }
    let (request, server) = late.remove(at: random.below(late.count))
    touched.insert(server)
    chronicle.coverage.add(.requestDelayed)
    _ = deliver(request, to: machines[server])
  }

  // MARK: Machines

  private func restore(_ random: inout SeededRandom) {
    let allowed = backups.filter { backup in
      let machine = machines[backup.machine]
      return machine.isFirst ? faults.restoresHeadquarters : faults.restoresNodes
    }
    guard !allowed.isEmpty else { return }
    let backup = random.pick(allowed)
    let machine = machines[backup.machine]
    touched.insert(machine.number)
    trace("  \(machine.name) is restored")
    machine.store = backup.store
    // A whole disk is restored with the file, a database alone without it.
    if random.chance(40) { machine.stateFile = backup.stateFile }
    chronicle.coverage.add(machine.isFirst ? .headquartersRestored : .nodeRestored)
    if setting.places.indices.contains(machine.number), !machine.isFirst, setting.places[machine.number].serves {
      chronicle.coverage.add(.relayRestored)
    }
    if !machine.store.captures.isEmpty { chronicle.coverage.add(.restoredWithEditsCaptured) }
    if machine.isFirst, machines.contains(where: { $0.store.version > machine.store.version }) {
      chronicle.coverage.add(.catalogWentBack)
    }
    machine.open(isCopy: true)
  }

  private func emptyHeadquarters() {
    let machine = machines[0]
    touched.insert(0)
    chronicle.coverage.add(.headquartersEmptied)
    // It is set up again with the first catalog that it can find.
    machine.store = MemoryStore(
      id: machine.store.id, role: machine.role, nonce: machine.nonce(), version: setting.places[0].catalogVersion,
      setting: setting)
    machine.stateFile = nil
    machine.open()
  }

  private func clone(_ machine: Machine, _ random: inout SeededRandom) {
    guard !machine.isFirst, machines.count < setting.places.count + 3 else { return }
    let copy = Machine(
      number: machines.count, name: "\(machine.name)'", role: machine.role, upstreams: machine.upstreams,
      generation: machine.generation + 1, store: machine.store,
      stateFile: random.chance(50) ? machine.stateFile : nil, skew: setting.jump(&random), chronicle: chronicle)
    machines.append(copy)
    touched.insert(copy.number)
    chronicle.coverage.add(copy.generation > 1 ? .cloneCloned : .cloned)
    copy.open(isCopy: true)
  }

  private func publish() {
    let machine = machines[0]
    touched.insert(0)
    guard machine.store.version < Catalogs.lastVersion else { return }
    _ = attempt(machine) { () throws(Machine.Crash) in try machine.adopt(machine.store.version + 1) }
    chronicle.coverage.add(.catalogPublished)
  }

  /// A node drops bodies of its log; headquarters drops none.
  private func drop(_ machine: Machine, _ random: inout SeededRandom) {
    guard !machine.isFirst, !machine.store.log.isEmpty else { return }
    for index in 0..<random.below(machine.store.log.count + 1) { machine.store.log[index].hasBody = false }
    chronicle.coverage.add(.bodiesDropped)
  }
}

// MARK: The end

extension World {
  /// The faults end, and within two cycles all nodes hold the same.
  ///
  /// A segment that came out of order and waits for one that its node lacks is still on its way, like a message: once
  /// its node gets what it builds on, it needs two more cycles to reach the others.
  func settle() {
    let before = owed()
    late = []
    for machine in machines {
      machine.session = nil
      machine.stepsToCrash = nil
      machine.awayUntil = 0
    }
    touched = [0]
    try? machines[0].adopt(Catalogs.lastVersion)
    check()
    // Upwards, then downwards: what is lowest syncs first, and last.
    let lowestFirst = machines.filter { !$0.isFirst && !serves($0) } + machines.filter { !$0.isFirst && serves($0) }
    let isUnderway = machines.contains { $0.store.waiting.contains { isHeld($0.missing) } }
    for machine in lowestFirst + lowestFirst.reversed() { syncWhole(machine) }
    if isUnderway {
      chronicle.coverage.add(.waitedIntoSettling)
      for machine in lowestFirst + lowestFirst.reversed() { syncWhole(machine) }
    }
    let settled = SettledCheck(machines: machines, chronicle: chronicle)
    settled.run(owed: before)
  }

  private func isHeld(_ hash: Digest) -> Bool { machines.contains { $0.store.holds(hash) } }

  private func serves(_ machine: Machine) -> Bool {
    setting.places.indices.contains(machine.number) && setting.places[machine.number].serves
  }

  private func syncWhole(_ machine: Machine) {
    touched = [machine.number]
    pass(Setting.minute)
    let upstream = machine.upstreams[0]
    touched.insert(upstream)
    let server = machines[upstream]
    trace("sync \(machine.name) with \(server.name)")
    var session = Session(machine, server: upstream, serverRole: server.role)
    for _ in 0..<1000 {
      guard let answer = try? server.answer(session.request) else { return }
      trace("  \(server.name) takes \(session.request.batch.segments.count), sends \(answer.batch.segments.count)")
      try? session.sealMeanwhile(machine)
      let outcome = try? session.proceed(answer, machine)
      if let outcome {
        machine.finishedInSync()
        if outcome == .partial { chronicle.fail("\(machine.name) and \(server.name) do not become even") }
        return check()
      }
    }
    chronicle.fail("\(machine.name): a sync without end")
  }

  /// Every edit that some machine still has when the faults end, captured or sealed.
  private func owed() -> Bitset {
    var owed = Bitset()
    for machine in machines {
      for capture in machine.store.captures { owed.insert(capture.write) }
      for number in machine.store.known.members { owed.formUnion(chronicle.segments[number].writes) }
    }
    return owed
  }
}
