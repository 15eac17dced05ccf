import ParleyClient
import ParleyCore
import ParleyProtocol
import ParleyTrust

extension Bench {
    /// How a session ends to which the server says no; nil where it does not.
    func refusal(of workspace: Workspace) throws -> ProtocolError? {
        let link = try connect(workspace)
        try settle()
        defer { link.cut() }
        for report in link.engine.takeReports() { if case .ended(let error) = report { return error } }
        return nil
    }

    func bundle(of workspace: Workspace, since: Frontier = Frontier()) throws -> [UInt8] {
        var bytes: [UInt8] = []
        _ = try BundleWriter(workspace).write(since: since) { bytes += $0 }
        return bytes
    }

    /// In pieces, so that frames are cut everywhere.
    @discardableResult
    func apply(
        _ bundle: [UInt8], to workspace: Workspace, isTrial: Bool = false, piece: Int = 97
    ) throws -> BundleOutcome {
        var outcome = BundleOutcome()
        try workspace.apply(isTrial: isTrial, report: { found, _ in outcome = found }) { take in
            for start in stride(from: 0, to: bundle.count, by: piece) {
                try take(bundle[start..<min(start + piece, bundle.count)])
            }
        }
        return outcome
    }
}
