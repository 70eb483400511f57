import Consolidation
import SyncCore
import Testing

@testable import Store

/// What makes totals doubtful is listed with what to do.
@Suite struct TotalsFindingTests {
  private func sentences(_ node: TestNode, _ code: Finding.Code) throws -> [String] {
    try node.store.findings().listed(code).map(\.sentence)
  }

  @Test("Circles, absent and foreign parents, units and federations that nobody registered, contradictions, reopenings")
  func findings() throws {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    let kz = try house.add("fturk")
    try hq.type("INSERT INTO org_unit(code, membership_status) VALUES('ftuu', 'member'), ('fturk', 'none')")
    try uz.type(
      """
      INSERT INTO org_unit(code, unit_kind) VALUES('c1', 'primary_organization'), ('c2', 'primary_organization'),
        ('self', 'primary_organization'), ('m', 'primary_organization'), ('n', 'primary_organization');
      INSERT INTO org_unit(code, opened_on, closed_on) VALUES('again', '2024-05', '2020'), ('fine', '2020', '2024'),
        ('year', '2024', '2024');
      INSERT INTO org_link(child, axis, valid_from, parent) VALUES('c1', 'territorial', '2020', 'c2'),
        ('c2', 'territorial', '2020', 'c1'), ('self', 'sectoral', '2020', 'self'),
        ('m', 'territorial', '2020', 'nobody'), ('n', 'territorial', '2020', 'k');
      INSERT INTO membership_return(unit, as_of, axis, members_total) VALUES('unheard', '2025', 'territorial', 5),
        ('m', '2025-10', 'territorial', 7), ('m', '2025-10-31', 'territorial', 8), ('n', '2025-10', 'territorial', 7),
        ('n', '2025-10-31', 'territorial', 7), ('c1', '2025', 'territorial', 3);
      """)
    try kz.type(
      """
      INSERT INTO org_unit(code, unit_kind) VALUES('k', 'primary_organization');
      INSERT INTO membership_return(unit, as_of, axis, members_total) VALUES('c1', '2026-01', 'territorial', 4);
      """)
    try Exchange.settle(hq, [uz, kz])
    #expect(
      try sentences(hq, .circles) == [
        "self stands above itself along the sectoral axis", "c1, c2 stand above each other along the territorial axis",
      ])
    #expect(
      try sentences(hq, .absentParents) == ["m stands under nobody along the territorial axis, which nobody registered"]
    )
    #expect(
      try sentences(hq, .foreignParents) == [
        "n stands under k along the territorial axis, which belongs to another federation"
      ])
    #expect(try sentences(hq, .unregisteredUnits) == ["unheard has a return of ftuu, and nobody registered it"])
    #expect(
      try sentences(hq, .unregisteredFederations) == ["fturk has a row in the totals, and it is registered as none"])
    #expect(try sentences(uz, .unregisteredFederations) == [])
    #expect(
      try sentences(hq, .contradictions) == [
        "of c1, 3 of ftuu as of 2025 counts, and 4 of fturk as of 2026-01 says something else",
        "of m, 8 of ftuu as of 2025-10-31 counts, and 7 of ftuu as of 2025-10 says something else",
      ])
    #expect(
      try sentences(hq, .reopenedUnits) == [
        "again was closed on 2020-12-31 and opened on 2024-05-01: it counts from its opening on, and not before"
      ])
    #expect(try hq.store.findings().listed(.circles).allSatisfy { $0.remedy != nil })
  }
}
