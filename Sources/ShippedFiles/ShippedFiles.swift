/// Files of `Config` that the program contains, so that it works where nothing but itself was copied.
///
/// The build embeds the files of the two folders to which the links beside this file lead; there is no second copy. A new
/// file is added here too, which a test checks.
public enum ShippedFiles {
  /// One file.
  public struct File: Sendable {
    /// Its name without folders, such as `codes.toml`.
    public let name: String
    /// What it holds.
    public let bytes: [UInt8]
  }

  /// The catalog, `Config/catalog`, in order of the names.
  public static let catalog = [
    File(name: "bodies.toml", bytes: PackageResources.bodies_toml),
    File(name: "catalog.toml", bytes: PackageResources.catalog_toml),
    File(name: "codes.toml", bytes: PackageResources.codes_toml),
    File(name: "cooperation.toml", bytes: PackageResources.cooperation_toml),
    File(name: "derivations.toml", bytes: PackageResources.derivations_toml),
    File(name: "figures.toml", bytes: PackageResources.figures_toml),
    File(name: "indicators.toml", bytes: PackageResources.indicators_toml),
    File(name: "members.toml", bytes: PackageResources.members_toml),
    File(name: "organizations.toml", bytes: PackageResources.organizations_toml),
    File(name: "work.toml", bytes: PackageResources.work_toml),
  ]

  /// The published figures, `Config/otuts`, in order of the names: each is imported into the kind of its name.
  public static let figures = [
    File(name: "action_item.csv", bytes: PackageResources.action_item_csv),
    File(name: "agreement.csv", bytes: PackageResources.agreement_csv),
    File(name: "aid_operation.csv", bytes: PackageResources.aid_operation_csv),
    File(name: "body.csv", bytes: PackageResources.body_csv),
    File(name: "cooperation_doc.csv", bytes: PackageResources.cooperation_doc_csv),
    File(name: "document.csv", bytes: PackageResources.document_csv),
    File(name: "figure.csv", bytes: PackageResources.figure_csv),
    File(name: "instrument.csv", bytes: PackageResources.instrument_csv),
    File(name: "instrument_status.csv", bytes: PackageResources.instrument_status_csv),
    File(name: "mandate.csv", bytes: PackageResources.mandate_csv),
    File(name: "meeting.csv", bytes: PackageResources.meeting_csv),
    File(name: "org_name.csv", bytes: PackageResources.org_name_csv),
    File(name: "org_unit.csv", bytes: PackageResources.org_unit_csv),
  ]
}
