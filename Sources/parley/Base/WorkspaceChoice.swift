import Foundation

/// Which workspace is meant: `-w`, then PARLEY_WORKSPACE, then the nearest `.parley` file upwards, then the
/// only one there is.
struct WorkspaceChoice {
    var paths: Paths
    var environment: [String: String]
    var directory: String

    /// - Returns: the workspace's folder.
    func folder(flag: String?) throws -> String {
        if let flag { return try folder(named: flag, by: "-w", mayBePath: true) }
        if let name = environment["PARLEY_WORKSPACE"], !name.isEmpty {
            return try folder(named: name, by: "PARLEY_WORKSPACE", mayBePath: true)
        }
        if let (marker, name) = marker() { return try folder(named: name, by: marker, mayBePath: false) }
        let names = paths.workspaces()
        guard let name = names.first else {
            throw CommandFailure(
                .notFound, "no-workspace", "There is no workspace yet.",
                hint: "make one: parley init NAME --as HANDLE    or join one: parley join INVITE")
        }
        guard names.count == 1 else {
            throw CommandFailure(
                .notFound, "which-workspace",
                "There are several workspaces: \(names.joined(separator: ", ")).",
                hint:
                    "say which: parley -w \(name) ..    or set PARLEY_WORKSPACE, or write the name to a file .parley"
            )
        }
        return paths.folder(ofWorkspace: name)
    }

    /// The nearest `.parley` upwards holds a workspace's name. It may have come with somebody else's folder,
    /// so it is never taken for a path.
    private func marker() -> (path: String, name: String)? {
        var folder = URL(fileURLWithPath: directory).standardizedFileURL
        while true {
            let path = folder.appendingPathComponent(".parley").path
            if let text = try? String(contentsOfFile: path, encoding: .utf8) {
                return (path, text.trimmingCharacters(in: .whitespacesAndNewlines))
            }
            guard folder.path != "/" else { return nil }
            folder.deleteLastPathComponent()
        }
    }

    private func folder(named name: String, by origin: String, mayBePath: Bool) throws -> String {
        let isPath = name.contains("/")
        let folder =
            isPath
            ? URL(fileURLWithPath: name, relativeTo: URL(fileURLWithPath: directory + "/"))
                .standardizedFileURL.path
            : paths.folder(ofWorkspace: name)
        guard isPath ? mayBePath : !name.isEmpty && !name.hasPrefix("."), Paths.isWorkspace(folder) else {
            throw missing(name, by: origin)
        }
        return folder
    }

    private func missing(_ name: String, by origin: String) -> CommandFailure {
        let names = paths.workspaces()
        return CommandFailure(
            .notFound, "no-workspace", "There is no workspace \"\(name)\" (named by \(origin)).",
            hint: names.isEmpty
                ? "make one: parley init NAME --as HANDLE" : "there are: \(names.joined(separator: ", "))")
    }
}
