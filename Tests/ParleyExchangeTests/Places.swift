import Foundation

/// Where the tests find files that are not theirs.
enum Places {
    /// The package's folder, also where the tests are reached by a link.
    static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Real input, which the project does not ship.
    static let sharedData: URL = {
        let given = ProcessInfo.processInfo.environment["PARLEY_SHARED_DATA"]
        return given.map { URL(filePath: $0) } ?? root.appending(path: "../shared/data").standardizedFileURL
    }()

    static var hasSharedData: Bool { FileManager.default.fileExists(atPath: sharedData.path) }
    static let noSharedData = "skipped: no folder \(sharedData.path) (PARLEY_SHARED_DATA names another)"

    static func bytes(_ file: URL) throws -> [UInt8] { Array(try Data(contentsOf: file)) }
}
