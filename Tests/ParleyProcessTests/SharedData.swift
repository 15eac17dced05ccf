import Foundation

/// Real input, which the project does not ship.
enum SharedData {
    static let path =
        ProcessInfo.processInfo.environment["PARLEY_SHARED_DATA"]
        ?? URL(fileURLWithPath: Parley.root + "/../shared/data").standardizedFileURL.path

    static var isThere: Bool { FileManager.default.fileExists(atPath: path) }
    static let absence = "skipped: no folder \(path) (PARLEY_SHARED_DATA names another)"
}
