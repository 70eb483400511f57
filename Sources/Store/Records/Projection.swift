import SyncCore

extension Projection {
  init(_ table: KindTable, _ state: RecordState, facts: some HeadFacts) {
    self.init(table.shape, state, facts: facts)
  }
}

extension RecordNotes {
  init(_ table: KindTable, _ key: RecordKey, _ state: RecordState, facts: some HeadFacts, collides: Bool) {
    self.init(table.shape, key, state, facts: facts, collides: collides)
  }

  static func label(_ table: KindTable, _ key: RegisterKey) -> String { label(table.shape, key) }

  static func register(_ table: KindTable, label: String) -> RegisterKey? { register(table.shape, label: label) }
}
