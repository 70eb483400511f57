/// Headquarters, a federation's centre and its office, in sync.
struct Trio {
  var house: House
  var hq: TestNode
  var uz: TestNode
  var office: TestNode

  var all: [TestNode] { [hq, uz, office] }

  init(_ sql: String) throws {
    house = try House()
    hq = try house.add("otuts")
    uz = try house.add("ftuu")
    office = try house.add("ftuu", office: "Samarkand")
    for node in all { node.clock = House.start }
    try uz.type(sql)
    try settle()
  }

  func settle() throws {
    for node in all { node.clock = (node.clock ?? 0) + 1000 }
    try Exchange.settle(hq, [uz, office])
  }

  func type(_ node: TestNode, _ sql: String) throws {
    for other in all { other.clock = (other.clock ?? 0) + 10 }
    try node.type(sql)
  }

  /// Each types at another moment.
  func edit(hq atHeadquarters: String?, uz atCentre: String?, office atOffice: String?) throws {
    for (node, sql) in zip(all, [atHeadquarters, atCentre, atOffice]) {
      for other in all { other.clock = (other.clock ?? 0) + 10 }
      if let sql { try node.type(sql) }
    }
    try settle()
  }
}
