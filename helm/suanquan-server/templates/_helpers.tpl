{{- define "server.name" -}}
{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- end -}}

{{- define "server.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: server
{{- end -}}

{{- define "server.labels" -}}
{{ include "server.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
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
runAsUser: {{ .Values.user }}
runAsGroup: {{ .Values.user }}
fsGroup: {{ .Values.user }}
fsGroupChangePolicy: OnRootMismatch # PostgreSQL and the keys refuse folders that a group may write
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "server.containerSecurity" -}}
privileged: false
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
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
      args: [admin, create, 管理员]
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
