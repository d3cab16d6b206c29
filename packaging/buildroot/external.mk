include $(sort $(wildcard $(BR2_EXTERNAL_VIEWKEEPER_PATH)/package/*/*.mk))
