import SyncCore

/// Where a run takes place: who there is, which records they write, what may go wrong. Drawn from the seed.
public struct Setting: Sendable {
  /// One installation before anything happened to it.
  struct Place: Sendable {
    var name: String
    var role: NodeRole
    var id: NodeID
    /// Whether others sync with it.
    var serves: Bool
    /// With whom it syncs, one at a time: indices of places that serve it.
    var upstreams: [Int]
    /// How far its clock is off at first, in milliseconds.
    var skew: Int64
    var catalogVersion: Int
  }

  /// The name of a record, and which federation mostly writes it.
  struct Record: Sendable {
    var kind: KindID
    var key: RecordKey
    var owner: Int
  }

  var faults: Faults
  var places: [Place]
  /// In ascending order of kind and key: records are numbered so.
  var records: [Record]
  /// Kind 1 of each unit, and the records that count for it.
  var units: [(record: Int?, returns: [Int])] = []
  var unitOfRecord: [Int?] = []
  var federations: [String]
  var batchLimit: Int
  var segmentLimit: Int
  var passLimit: Int
  var stepCount: Int
  var clocks = ClockRule.design

  /// The simulated moment at which runs begin: 2026-01-01, in milliseconds since 1970.
  static let start: Int64 = 1_767_225_600_000
  /// What a clock may show.
  static let years: ClosedRange<Int64> = 0...253_402_300_799_999
  static let minute: Int64 = 60_000
  static let day: Int64 = 86_400_000
  static let year: Int64 = 365 * day

  init(_ random: inout SeededRandom) {
    faults = Faults(&random)
    let size = random.below(1000)
    let count =
      size < 720
      ? 1 + random.below(3)
      : size < 940 ? 3 + random.below(5) : size < 992 ? 8 + random.below(8) : 16 + random.below(24)
    let federationCount = count < 3 ? 1 + random.below(2) : min(5, 1 + random.below(1 + count / 2))
    federations = Array(Catalogs.federations.prefix(1 + federationCount))
    batchLimit = faults.smallBatches ? 1 + random.below(4) : Int.max
    segmentLimit = faults.smallSegments ? 1 + random.below(3) : Int.max
    passLimit = faults.smallPasses ? 1 + random.below(3) : Int.max
    stepCount = 14 + random.below(34) + min(count, 16) * 3
    places = []
    records = []
    addPlaces(count, &random)
    addRecords(&random)
  }

  private mutating func addPlaces(_ count: Int, _ random: inout SeededRandom) {
    // Nodes that have not synced for long follow an older catalog, and headquarters may have gone back to one.
    let versions = (0...count).map { _ in
      faults.publishesCatalogs ? 1 + (random.chance(40) ? random.below(Catalogs.lastVersion) : 0) : Catalogs.lastVersion
    }
    func id(_ number: Int) -> NodeID { NodeID(high: 7, low: UInt64(number)) }
    places.append(
      Place(
        name: "headquarters", role: NodeRole(isHeadquarters: true, federation: federations[0]), id: id(0), serves: true,
        upstreams: [], skew: skew(&random), catalogVersion: versions[0]))
    for number in 1...count {
      let federation = federations[1 + (number - 1) % (federations.count - 1)]
      // An office of headquarters serves anybody, the first node of a federation its own offices.
      let isBranch = count > 2 && random.chance(10)
      let role = NodeRole(isHeadquarters: isBranch, federation: isBranch ? federations[0] : federation)
      let serves = isBranch || random.chance(count > 2 ? 40 : 0)
      let servers = places.indices.filter {
        places[$0].serves && (places[$0].role.isHeadquarters || places[$0].role == role)
      }
      // A node that serves syncs with headquarters alone, so that two cycles reach everybody.
      let upstreams = serves ? [0] : random.chance(50) ? [random.pick(servers)] : servers
      places.append(
        Place(
          name: "\(role.federation)-\(number)", role: role, id: id(number), serves: serves, upstreams: upstreams,
          skew: skew(&random), catalogVersion: versions[number]))
    }
  }

  /// Up to ten years either way.
  private func skew(_ random: inout SeededRandom) -> Int64 {
    guard faults.movesClocks, random.chance(60) else { return 0 }
    let scale = random.pick([Self.minute, 60 * Self.minute, Self.day, Self.year])
    return Int64(random.below(21) - 10) * scale
  }

  func jump(_ random: inout SeededRandom) -> Int64 { skew(&random) }

  private mutating func addRecords(_ random: inout SeededRandom) {
    let limit = places.count > 8 ? 2 : 1 + random.below(2)
    for owner in federations.indices.prefix(4) {
      for number in 0..<limit {
        let code = "\(federations[owner])-\(number)"
        records.append(Record(kind: Catalogs.unit, key: RecordKey(code), owner: owner))
        let dates = Catalogs.dates.prefix(1 + random.below(3))
        for date in dates {
          let axis = Catalogs.axes[random.below(2)]
          records.append(Record(kind: Catalogs.membershipReturn, key: RecordKey(code, date, axis), owner: owner))
        }
      }
      if random.chance(60) {
        records.append(Record(kind: Catalogs.agreement, key: RecordKey("a\(owner)"), owner: owner))
      }
      if random.chance(40) { records.append(Record(kind: Catalogs.figure, key: RecordKey("f\(owner)"), owner: owner)) }
      if random.chance(40) {
        records.append(Record(kind: Catalogs.workCase, key: RecordKey("c\(owner)"), owner: owner))
      }
    }
    records.sort { ($0.kind, $0.key) < ($1.kind, $1.key) }
    for (number, record) in records.enumerated() where record.kind == Catalogs.unit {
      let returns = records.indices.filter {
        records[$0].kind == Catalogs.membershipReturn && records[$0].key.columns[0] == record.key.bytes
      }
      units.append((number, returns))
    }
    unitOfRecord = records.indices.map { number in
      units.firstIndex { $0.record == number || $0.returns.contains(number) }
    }
  }
}

/// How changes are timed: by the rule of the design, or by one of those that it was compared with.
public enum ClockRule: String, Sendable, CaseIterable {
  case design
  case wall
  case hybridLogical
}
