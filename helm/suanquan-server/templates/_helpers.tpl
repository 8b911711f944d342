{{- /* Unlike any other release's of the namespace, and short enough for -migration and CronJobs. */ -}}
{{- define "server.name" -}}
{{- $whole := .Release.Name -}}
{{- $name := regexReplaceAll "^([0-9])" (regexReplaceAll "[^a-z0-9-]" $whole "-") "r$1" -}}
{{- if and (eq $name $whole) (le (len $name) 40) -}}
{{ $name }}
{{- else -}}
{{ $name | trunc 31 | trimSuffix "-" }}-{{ sha256sum $whole | trunc 8 }}
{{- end -}}
{{- end -}}

{{- /* What makes a pod of a component, with (dict "top" . "component" "server"). */ -}}
{{- define "server.selectorOf" -}}
app.kubernetes.io/name: {{ .top.Chart.Name }}
app.kubernetes.io/instance: {{ .top.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "server.labelsOf" -}}
{{ include "server.selectorOf" . }}
app.kubernetes.io/version: {{ .top.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .top.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .top.Chart.Name .top.Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "server.selector" -}}
{{ include "server.selectorOf" (dict "top" . "component" "server") }}
{{- end -}}

{{- define "server.labels" -}}
{{ include "server.labelsOf" (dict "top" . "component" "server") }}
{{- end -}}

{{- /* The object's name of a component: the server's is the release's. */ -}}
{{- define "server.nameOf" -}}
{{ include "server.name" .top }}{{ if ne .component "server" }}-{{ .component }}{{ end }}
{{- end -}}

{{- /* The components that answer requests: {"components": [{component, door, replicas, workers, url, from}]}. */ -}}
{{- define "server.components" -}}
components:
  - {component: server, door: all, replicas: {{ .Values.replicas }}, workers: {{ .Values.workers }}, url: {{ .Values.url | quote }}, from: {{ .Values.networkPolicy.from | toJson }}}
  {{- if .Values.outer.enabled }}
  - {component: outer, door: outer, replicas: {{ .Values.outer.replicas }}, workers: {{ .Values.workers }}, url: {{ .Values.outer.url | quote }}, from: {{ .Values.outer.from | toJson }}}
  {{- end }}
  {{- if .Values.intake.enabled }}
  - {component: intake, door: agents, replicas: {{ .Values.intake.replicas }}, workers: {{ .Values.intake.workers }}, url: {{ .Values.url | quote }}, from: {{ include "server.intakeFrom" . }}}
  {{- end }}
{{- end -}}

{{- define "server.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}{{ .repository }}@{{ .digest }}
{{- else -}}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "server.pullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "server.external" -}}
{{- if eq .Values.database.kind "external" }}true{{ end -}}
{{- end -}}

{{- define "server.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ int64 .Values.user }}
runAsGroup: {{ int64 .Values.user }}
fsGroup: {{ int64 .Values.user }}
fsGroupChangePolicy: OnRootMismatch # PostgreSQL and the keys refuse folders that a group may write
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "server.containerSecurity" -}}
privileged: false
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{- /* What the doors know beside their database: settings, sign-on; the inner one seals and tells events. */ -}}
{{- define "server.variablesOf" -}}
{{- with .top.Values }}
{{- range $name, $value := .settings }}
- name: {{ $name }}
  value: {{ kindIs "string" $value | ternary $value (int64 $value) | quote }}
{{- end }}
{{- if and .oidc.issuer (ne $.component.door "agents") }}
- name: SUANQUAN_OIDC_ISSUER
  value: {{ .oidc.issuer | quote }}
- name: SUANQUAN_OIDC_CLIENT_ID
  value: {{ .oidc.clientId | quote }}
- name: SUANQUAN_OIDC_CLIENT_SECRET_FILE
  value: /run/suanquan/oidc/secret
{{- with .oidc.name }}
- name: SUANQUAN_OIDC_NAME
  value: {{ . | quote }}
{{- end }}
{{- end }}
{{- if eq $.component.door "all" }}
{{- if .seal.keySecret }}
- name: SUANQUAN_SEAL_KEY
  value: /run/suanquan/seal/key
{{- end }}
{{- if .seal.tsa }}
- name: SUANQUAN_TSA
  value: {{ .seal.tsa | quote }}
- name: SUANQUAN_TSA_ROOTS
  value: /run/suanquan/tsa/roots.pem
{{- end }}
{{- if include "server.backup" $.top }}
{{- include "server.backupVariables" $.top | nindent 0 }}
{{- end }}
{{- with .events.to }}
- name: SUANQUAN_EVENTS_TO
  value: {{ . | quote }}
{{- end }}
{{- if .events.caConfigMap }}
- name: SUANQUAN_EVENTS_CA
  value: /run/suanquan/events/ca.crt
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "server.mountsOf" -}}
{{- with .top.Values }}
{{- if and .oidc.issuer (ne $.component.door "agents") }}
- {name: oidc, mountPath: /run/suanquan/oidc, readOnly: true}
{{- end }}
{{- if eq $.component.door "all" }}
{{- if .seal.keySecret }}
- {name: seal, mountPath: /run/suanquan/seal, readOnly: true}
{{- end }}
{{- if .seal.tsa }}
- {name: tsa, mountPath: /run/suanquan/tsa, readOnly: true}
{{- end }}
{{- if include "server.backup" $.top }}
{{- include "server.backupMounts" $.top | nindent 0 }}
{{- end }}
{{- if .events.caConfigMap }}
- {name: events, mountPath: /run/suanquan/events, readOnly: true}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "server.volumesOf" -}}
{{- with .top.Values }}
{{- if and .oidc.issuer (ne $.component.door "agents") }}
- name: oidc
  secret: {secretName: {{ .oidc.clientSecret }}, defaultMode: 0440}
{{- end }}
{{- if eq $.component.door "all" }}
{{- with .seal.keySecret }}
- name: seal
  secret: {secretName: {{ . }}, defaultMode: 0440}
{{- end }}
{{- if .seal.tsa }}
- name: tsa
  configMap: {name: {{ required "seal.tsa 需要 seal.tsaRootsConfigMap · seal.tsa needs seal.tsaRootsConfigMap" .seal.tsaRootsConfigMap }}}
{{- end }}
{{- if include "server.backup" $.top }}
{{- include "server.backupVolumes" $.top | nindent 0 }}
{{- end }}
{{- with .events.caConfigMap }}
- name: events
  configMap: {name: {{ . }}}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* Whether the inner door keeps backups; what it needs for that is there or said to be missing. */ -}}
{{- define "server.backup" -}}
{{- $external := include "server.external" . -}}
{{- with .Values.backup -}}
{{- if and .claim .bucket -}}
{{- fail "backup.claim 与 backup.bucket 只写一个 · say one of backup.claim and backup.bucket" -}}
{{- end -}}
{{- if or .claim .bucket -}}
{{- if not .keySecret -}}
{{- fail "备份需要 backup.keySecret（suanquan backup keys） · backups need backup.keySecret" -}}
{{- end -}}
{{- if and $external (not .loginSecret) -}}
{{- fail "外部数据库的备份需要 backup.loginSecret · backups of an external database need backup.loginSecret" -}}
{{- end -}}
{{- if and $external .readKeySecret -}}
{{- fail "外部数据库的恢复演练由人来做：不写 backup.readKeySecret · of an external database a person tries restorations: no backup.readKeySecret" -}}
{{- end -}}
true
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "server.backupVariables" -}}
{{- $external := include "server.external" . -}}
{{- with .Values.backup -}}
- name: SUANQUAN_BACKUP
  value: {{ .bucket | default "/var/lib/suanquan-backup" | quote }}
- name: SUANQUAN_BACKUP_KEY
  value: /run/suanquan/backup-key/key
{{- if .readKeySecret }}
- name: SUANQUAN_BACKUP_READ_KEY
  value: /run/suanquan/backup-read-key/key
{{- end }}
{{- if $external }}
- name: SUANQUAN_BACKUP_DATABASE_URL_FILE
  value: /run/suanquan/backup-login/url
- name: SUANQUAN_DATA # some WAL lies there on its way
  value: /tmp/data
{{- end }}
{{- if .bucketSecret }}
- name: AWS_SHARED_CREDENTIALS_FILE
  value: /run/suanquan/backup-bucket/credentials
{{- end }}
{{- end }}
{{- end -}}

{{- define "server.backupMounts" -}}
{{- $external := include "server.external" . -}}
{{- with .Values.backup -}}
- {name: backup-key, mountPath: /run/suanquan/backup-key, readOnly: true}
{{- if .claim }}
- {name: backup, mountPath: /var/lib/suanquan-backup}
{{- end }}
{{- if .readKeySecret }}
- {name: backup-read-key, mountPath: /run/suanquan/backup-read-key, readOnly: true}
{{- end }}
{{- if .bucketSecret }}
- {name: backup-bucket, mountPath: /run/suanquan/backup-bucket, readOnly: true}
{{- end }}
{{- if $external }}
- {name: backup-login, mountPath: /run/suanquan/backup-login, readOnly: true}
{{- end }}
{{- end }}
{{- end -}}

{{- define "server.backupVolumes" -}}
{{- $external := include "server.external" . -}}
{{- with .Values.backup -}}
- name: backup-key
  secret: {secretName: {{ .keySecret }}, defaultMode: 0440}
{{- with .claim }}
- name: backup
  persistentVolumeClaim: {claimName: {{ . }}}
{{- end }}
{{- with .readKeySecret }}
- name: backup-read-key
  secret: {secretName: {{ . }}, defaultMode: 0440}
{{- end }}
{{- with .bucketSecret }}
- name: backup-bucket
  secret: {secretName: {{ . }}, defaultMode: 0440}
{{- end }}
{{- if $external }}
- name: backup-login
  secret: {secretName: {{ .loginSecret }}, defaultMode: 0440}
{{- end }}
{{- end }}
{{- end -}}

{{- define "server.rootsVariable" -}}
{{- if .Values.invoiceRootsConfigMap }}
- name: SUANQUAN_INVOICE_ROOTS
  value: /run/suanquan/roots
{{- end }}
{{- end -}}

{{- define "server.rootsMount" -}}
{{- if .Values.invoiceRootsConfigMap }}
- {name: roots, mountPath: /run/suanquan/roots, readOnly: true}
{{- end }}
{{- end -}}

{{- define "server.rootsVolume" -}}
{{- with .Values.invoiceRootsConfigMap }}
- name: roots
  configMap: {name: {{ . }}}
{{- end }}
{{- end -}}

{{- define "server.placement" -}}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- /* A pod for one command with the owner's login, for NOTES: it lives as long as the command. */ -}}
{{- define "server.adminPod" }}
apiVersion: v1
spec:
  automountServiceAccountToken: false
  enableServiceLinks: false
  securityContext:
    {{- include "server.podSecurity" . | nindent 4 }}
  {{- include "server.pullSecrets" . | nindent 2 }}
  containers:
    - name: {{ include "server.name" . }}-admin
      image: {{ include "server.image" . }}
      args: [admin, create, 安全管理员]
      stdin: true
      tty: true
      env:
        - {name: SUANQUAN_DATABASE_URL_FILE, value: /run/suanquan/database/url}
        - {name: SUANQUAN_DATABASE_OWNER_URL_FILE, value: /run/suanquan/owner/url}
      securityContext:
        {{- include "server.containerSecurity" . | nindent 8 }}
      volumeMounts:
        - {name: database, mountPath: /run/suanquan/database, readOnly: true}
        - {name: owner, mountPath: /run/suanquan/owner, readOnly: true}
  volumes:
    - name: database
      secret: {secretName: {{ .Values.database.external.secret }}, defaultMode: 0440}
    - name: owner
      secret: {secretName: {{ .Values.database.external.ownerSecret }}, defaultMode: 0440}
{{- end -}}

{{- /* Whoever may call a door that sends batches on; where one is open to all, so is the intake. */ -}}
{{- define "server.intakeFrom" -}}
{{- $inner := .Values.networkPolicy.from -}}
{{- if not .Values.outer.enabled -}}{{ $inner | toJson }}
{{- else if and $inner .Values.outer.from -}}{{ concat $inner .Values.outer.from | toJson }}
{{- else -}}[]
{{- end -}}
{{- end -}}

{{- /* The container that makes dumps; its arguments are what follows `suanquan`. */ -}}
{{- define "server.dump" -}}
- name: dump
  image: {{ include "server.image" .top }}
  imagePullPolicy: {{ .top.Values.image.pullPolicy }}
  args:
    - db
    - dump
    - /var/lib/suanquan-dump
    - --keep={{ .top.Values.dump.keep }}
    {{- if .top.Values.dump.keySecret }}
    - --key=/run/suanquan/dump-key/key
    {{- end }}
    {{- with .every }}
    - --every={{ . }}
    {{- end }}
  securityContext:
    {{- include "server.containerSecurity" . | nindent 4 }}
  env:
    {{- if include "server.external" .top }}
    - name: SUANQUAN_DATABASE_URL_FILE
      value: /run/suanquan/database/url
    - name: SUANQUAN_DATABASE_OWNER_URL_FILE
      value: /run/suanquan/owner/url
    {{- else }}
    - name: SUANQUAN_DATA
      value: /var/lib/suanquan/data
    {{- end }}
  resources:
    {{- toYaml .top.Values.dump.resources | nindent 4 }}
  volumeMounts:
    - {name: tmp, mountPath: /tmp}
    - {name: dump, mountPath: /var/lib/suanquan-dump}
    {{- if include "server.external" .top }}
    - {name: database, mountPath: /run/suanquan/database, readOnly: true}
    - {name: owner, mountPath: /run/suanquan/owner, readOnly: true}
    {{- else }}
    - {name: data, mountPath: /var/lib/suanquan}
    {{- end }}
    {{- if .top.Values.dump.keySecret }}
    - {name: dump-key, mountPath: /run/suanquan/dump-key, readOnly: true}
    {{- end }}
{{- end -}}

{{- define "server.dumpVolumes" -}}
- name: dump
  persistentVolumeClaim: {claimName: {{ include "server.name" . }}-dump}
{{- with .Values.dump.keySecret }}
- name: dump-key
  secret: {secretName: {{ . }}, defaultMode: 0440}
{{- end }}
{{- end -}}

{{- /* The Services that `helm test` asks, as a list of Python. */ -}}
{{- define "server.testNames" -}}
{{- $names := list -}}
{{- range (include "server.components" . | fromYaml).components -}}
{{- $names = append $names (include "server.nameOf" (dict "top" $ "component" .component)) -}}
{{- end -}}
{{ toJson $names }}
{{- end -}}
