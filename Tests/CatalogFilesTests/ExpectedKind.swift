import SyncCore
import Testing

/// One kind as the registers state it: the contract with everybody who writes SQL.
struct ExpectedKind: Sendable, CustomTestStringConvertible {
  var name: String
  var recordClass: RecordClass
  var appendOnly: Bool
  var key: [String]
  var fields: [String]

  init(
    _ name: String, _ recordClass: RecordClass, key: [String] = ["id text"], appendOnly: Bool = false,
    _ fields: [String]
  ) {
    self.name = name
    self.recordClass = recordClass
    self.appendOnly = appendOnly
    self.key = key
    self.fields = recordClass == .local || fields.contains("remark text") ? fields : fields + ["remark text"]
  }

  var testDescription: String { name }

  static let all = organizations + figures + bodies + work + cooperation + members

  private static let organizations = [
    ExpectedKind(
      "org_unit", .everyone, key: ["code text"],
      [
        "unit_kind code frozen", "country code", "area text", "activity set union", "name text", "website text",
        "membership_status code headquarters", "status_since date headquarters", "opened_on date",
        "closed_on date review", "successors set union",
      ]),
    ExpectedKind("org_name", .everyone, key: ["unit ref(org_unit)", "lang text", "name_role code"], ["name text"]),
    ExpectedKind(
      "org_link", .federation, key: ["child ref(org_unit)", "axis code", "valid_from date"],
      ["parent ref(org_unit) review", "valid_to date"]),
  ]

  private static let figures = [
    ExpectedKind(
      "document", .everyone, key: ["code text"],
      ["title text", "publisher text", "published_on date", "url text", "note text"]),
    ExpectedKind(
      "figure", .everyone, key: ["unit ref(org_unit)", "measure text", "as_of date", "source ref(document)"],
      appendOnly: true, ["value integer", "precision code", "basis code"]),
    ExpectedKind(
      "membership_return", .federation, key: ["unit ref(org_unit)", "as_of date", "axis code"],
      [
        "members_total integer owner grouped", "members_employees integer owner grouped",
        "members_women integer owner grouped", "members_youth integer owner grouped",
        "members_retired integer owner grouped", "primaries integer owner grouped",
        "employees_covered integer owner grouped", "method code owner grouped", "remark text", "withheld set union",
      ]),
  ]

  private static let bodies = [
    ExpectedKind("body", .everyone, key: ["code text"], ["unit ref(org_unit)", "name text"]),
    ExpectedKind(
      "mandate", .everyone, key: ["body ref(body)", "person text", "seat text", "as_of date"],
      ["title text review", "home_unit ref(org_unit)", "valid_from date grouped", "valid_to date grouped"]),
    ExpectedKind(
      "meeting", .everyone,
      [
        "meeting_kind code", "title text", "start_on date grouped", "end_on date grouped", "place text",
        "participants set union", "decisions set union",
      ]),
  ]

  private static let work = [
    ExpectedKind(
      "agreement", .federation,
      [
        "level code frozen", "title text", "parties set union", "isic4 set union", "area text",
        "signed_on date grouped", "valid_from date grouped", "valid_to date grouped", "prolonged_to date max",
        "terminated_on date review", "workers_covered integer owner",
      ]),
    ExpectedKind(
      "dispute", .federation,
      [
        "employer text local", "isic4 text", "area text", "opened_on date min", "causes set union",
        "workers_peak integer max", "outcome code review grouped", "closed_on date review grouped",
        "same_as set union",
      ]),
    ExpectedKind(
      "dispute_week", .federation, key: ["dispute ref(dispute)", "week period", "reporter text"], appendOnly: true,
      ["tension integer", "signals integer"]),
    ExpectedKind(
      "consultation_count", .federation, key: ["unit ref(org_unit)", "period period", "topic text"],
      ["consultations integer owner", "people integer owner", "remark text", "method code owner", "withheld set union"]),
    ExpectedKind(
      "training_event", .everyone,
      [
        "title text", "programme code", "mode code", "start_on date grouped", "end_on date grouped",
        "host ref(org_unit)", "attended integer max", "attended_final integer owner",
      ]),
  ]

  private static let cooperation = [
    ExpectedKind(
      "instrument", .everyone, key: ["code text"],
      ["title text headquarters", "adopted_on date headquarters", "fundamental_from date headquarters"]),
    ExpectedKind(
      "instrument_status", .everyone, key: ["country code", "instrument ref(instrument)", "stage code"],
      ["event_on date review"]),
    ExpectedKind(
      "cooperation_doc", .everyone,
      [
        "doc_kind code", "title text", "parties set union", "signed_on date review", "directions set union",
        "valid_to date",
      ]),
    ExpectedKind(
      "action_item", .everyone,
      [
        "plan text", "title text", "theme text", "lead ref(org_unit) headquarters", "due_on date review",
        "evidence set union",
      ]),
    ExpectedKind(
      "action_status", .everyone, key: ["item ref(action_item)", "country code"],
      ["state code owner", "note text owner"]),
    ExpectedKind(
      "aid_operation", .everyone,
      [
        "cause text", "on date", "place text", "amount money review", "currency code", "donors set union",
        "beneficiaries integer",
      ]),
  ]

  private static let members = [
    ExpectedKind(
      "member", .local,
      [
        "member_no text", "name text", "national_id text", "birth_date date", "sex text", "employment text",
        "primary_unit ref(org_unit)", "joined_on date", "left_on date",
      ]),
    ExpectedKind(
      "case_file", .local,
      [
        "channel text", "opened_on date", "topics set union", "person text", "summary text", "outcome text",
        "recovered money", "currency code",
      ]),
  ]
}
